package httpkit

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"orderly/pkg/tracecontext"
)

// traced begins the span of a request, which continues the trace of its client,
// and is what the request came with from then on. It returns the request's context,
// as it is if there are no traces. Who only asks whether the process is well, and
// for its figures, gets no span.
func (h *handler) traced(r *http.Request, x *exchange) context.Context {
	ctx := r.Context()
	if h.tracer == nil || probes(r.URL.Path) {
		return ctx
	}
	if parent, ok := tracecontext.Parse(x.traceParent); ok {
		ctx = trace.ContextWithRemoteSpanContext(ctx, parent)
	}
	ctx, x.span = h.tracer.Start(ctx, method(r), trace.WithSpanKind(trace.SpanKindServer))
	x.traceParent = tracecontext.Format(x.span.SpanContext())
	return ctx
}

func probes(path string) bool {
	switch path {
	case "/health", "/livez", "/readyz", "/metrics":
		return true
	}
	return false
}

// endSpan ends the span of an answered request, whose route is known by now.
func (x *exchange) endSpan(w *recorder) {
	if x.span == nil {
		return
	}
	defer x.span.End()
	if !x.span.IsRecording() {
		return
	}
	if w.request.Pattern != "" {
		x.span.SetName(method(w.request) + " " + route(w.request))
		x.span.SetAttributes(semconv.HTTPRoute(route(w.request)))
	}
	x.span.SetAttributes(
		semconv.HTTPRequestMethodKey.String(method(w.request)),
		semconv.URLPath(w.request.URL.Path),
		semconv.HTTPResponseStatusCode(w.status),
		semconv.MessagingMessageConversationID(x.correlationID))
	if w.status >= http.StatusInternalServerError {
		x.span.SetStatus(codes.Error, http.StatusText(w.status))
	}
}
