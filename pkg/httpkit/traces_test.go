package httpkit_test

import (
	"net/http"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"orderly/pkg/httpkit"
	"orderly/pkg/tracecontext"
)

// A request has a span with the name of its route, in the trace of its client, and
// what it leads to continues there.
func TestTraces_of_requests(t *testing.T) {
	t.Parallel()
	const client = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	var inHandler string
	mux := http.NewServeMux()
	mux.HandleFunc("GET /things/{id}", func(w http.ResponseWriter, r *http.Request) {
		inHandler = httpkit.Meta(r.Context()).TraceParent
		if got := tracecontext.Format(trace.SpanContextFromContext(r.Context())); got != inHandler {
			t.Errorf("the context's span is %q, the request's %q", got, inHandler)
		}
		if r.PathValue("id") == "bad" {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	mux.HandleFunc("GET /livez", func(http.ResponseWriter, *http.Request) {})
	recorder := tracetest.NewSpanRecorder()
	core, logs := observer.New(zap.DebugLevel)
	h := httpkit.NewHandler(mux, httpkit.HandlerConfig{
		Logger: zap.New(core),
		Traces: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder)),
	})
	last := func(path, traceParent string) sdktrace.ReadOnlySpan {
		send(h, http.MethodGet, path, "", "traceparent", traceParent)
		ended := recorder.Ended()
		return ended[len(ended)-1]
	}

	span := last("/things/1", client)
	if span.Name() != "GET /things/{id}" || span.Parent().SpanID().String() != "b7ad6b7169203331" || span.SpanKind() != trace.SpanKindServer {
		t.Errorf("the span is %q below %s", span.Name(), span.Parent().SpanID())
	}
	if inHandler != tracecontext.Format(span.SpanContext()) {
		t.Errorf("the handler continues %q", inHandler)
	}
	if got := logs.All()[0].ContextMap()["trace_id"]; got != "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("the log names the trace %v", got)
	}
	if span = last("/things/bad", ""); span.Parent().IsValid() || span.Status().Code != codes.Error {
		t.Errorf("the failure's span is below %s, with the status %v", span.Parent().SpanID(), span.Status())
	}
	if span = last("/nowhere/"+strings.Repeat("x", 100), ""); span.Name() != "GET" {
		t.Errorf("a request without a route makes a span %q", span.Name())
	}
	before := len(recorder.Ended())
	send(h, http.MethodGet, "/livez", "")
	last("/things/1", client[:53]+"00")
	if got := len(recorder.Ended()); got != before || !strings.HasSuffix(inHandler, "-00") {
		t.Errorf("%d spans of a probe and of a trace that is not sampled, which continues as %q", got-before, inHandler)
	}
}
