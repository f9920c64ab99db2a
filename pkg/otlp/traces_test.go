package otlp_test

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"orderly/pkg/otlp"
	"orderly/pkg/otlp/otlptest"
	"orderly/pkg/tracecontext"
)

// clean unsets what the machine's own environment may say.
func clean(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"OTEL_SDK_DISABLED", "OTEL_TRACES_EXPORTER", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES",
		"OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG",
	} {
		t.Setenv(name, "")
	}
	for _, name := range []string{"ENDPOINT", "HEADERS", "TIMEOUT", "COMPRESSION", "PROTOCOL", "CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY"} {
		t.Setenv("OTEL_EXPORTER_OTLP_"+name, "")
		t.Setenv("OTEL_EXPORTER_OTLP_TRACES_"+name, "")
	}
}

// record ends a span of a service for each parent.
func record(t *testing.T, traces *otlp.Traces, parents ...string) {
	t.Helper()
	provider := traces.Provider("shop", "v1.2.3")
	for _, parent := range parents {
		sc, _ := tracecontext.Parse(parent)
		_, span := provider.Tracer("test").Start(trace.ContextWithRemoteSpanContext(t.Context(), sc), "sell")
		span.End()
	}
}

func closed(t *testing.T, traces *otlp.Traces) {
	t.Helper()
	for range 2 {
		if err := traces.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
}

func TestFromEnv_is_off_unless_configured(t *testing.T) {
	for name, env := range map[string]map[string]string{
		"nothing":       {},
		"no endpoint":   {"OTEL_SERVICE_NAME": "shop", "OTEL_TRACES_SAMPLER": "always_on"},
		"disabled":      {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"},
		"exporter none": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"},
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			for k, v := range env {
				t.Setenv(k, v)
			}
			before := goleak.IgnoreCurrent()
			traces, err := otlp.FromEnv(nil)
			if err != nil || traces != nil {
				t.Fatalf("got %v, %v, want nothing", traces, err)
			}
			if provider := traces.Provider("shop", ""); provider != nil {
				t.Errorf("the provider is %v", provider)
			}
			closed(t, traces)
			if err := goleak.Find(before); err != nil {
				t.Errorf("tracing that is off runs something: %v", err)
			}
		})
	}
}

func TestFromEnv_sends_spans_as_the_variables_say(t *testing.T) {
	clean(t)
	r := otlptest.Start(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", strings.TrimSuffix(r.URL, "/v1/traces"))
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "Api-Key=a%20secret, other=1")
	t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
	traces, err := otlp.FromEnv(nil)
	if err != nil {
		t.Fatal(err)
	}
	record(t, traces, "")
	record(t, traces, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00")
	closed(t, traces)
	spans := r.Spans()
	if len(spans) != 1 || spans[0].Name != "sell" || spans[0].Service != "shop" {
		t.Fatalf("received %+v, want the span that no unsampled trace holds", spans)
	}
	if h := r.Requests()[0].Header; h.Get("Api-Key") != "a secret" || h.Get("Other") != "1" || h.Get("Content-Encoding") != "gzip" {
		t.Errorf("the headers are %v", h)
	}
}

func TestFromEnv_prefers_what_is_said_of_traces(t *testing.T) {
	clean(t)
	r := otlptest.Start(t)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	t.Setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", r.URL)
	t.Setenv("OTEL_SERVICE_NAME", "till")
	t.Setenv("OTEL_TRACES_SAMPLER", "parentbased_always_off")
	traces, err := otlp.FromEnv(nil)
	if err != nil {
		t.Fatal(err)
	}
	record(t, traces, "")
	record(t, traces, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	closed(t, traces)
	if spans := r.Spans(); len(spans) != 1 || spans[0].Service != "till" || spans[0].Parent != "b7ad6b7169203331" {
		t.Errorf("received %+v", spans)
	}
}

func TestFromEnv_refuses_what_it_does_not_know(t *testing.T) {
	for name, value := range map[string]string{
		"OTEL_EXPORTER_OTLP_ENDPOINT":        "127.0.0.1:4318",
		"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "grpc",
		"OTEL_EXPORTER_OTLP_COMPRESSION":     "zstd",
		"OTEL_EXPORTER_OTLP_TIMEOUT":         "10s",
		"OTEL_EXPORTER_OTLP_HEADERS":         "key",
		"OTEL_EXPORTER_OTLP_CERTIFICATE":     "/nowhere.pem",
		"OTEL_TRACES_EXPORTER":               "zipkin",
		"OTEL_TRACES_SAMPLER":                "sometimes",
		"OTEL_TRACES_SAMPLER_ARG":            "1%",
		"OTEL_RESOURCE_ATTRIBUTES":           "nonsense",
	} {
		t.Run(name, func(t *testing.T) {
			clean(t)
			t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
			t.Setenv("OTEL_TRACES_SAMPLER", "traceidratio")
			t.Setenv(name, value)
			if traces, err := otlp.FromEnv(nil); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("got %v, %v, want an error that names %s", traces, err, name)
			}
		})
	}
}

func TestTraces_ask_again_where_that_helps(t *testing.T) {
	t.Parallel()
	r := otlptest.Start(t)
	core, logs := observer.New(zap.InfoLevel)
	r.Refuse(http.StatusServiceUnavailable)
	traces := otlp.New(otlp.Config{Endpoint: r.URL, Logger: zap.New(core)})
	record(t, traces, "")
	closed(t, traces)
	if len(r.Spans()) != 1 || len(r.Requests()) != 2 || logs.Len() > 0 {
		t.Errorf("%d spans by %d requests, log: %v", len(r.Spans()), len(r.Requests()), logs.All())
	}

	r.Refuse(http.StatusUnauthorized)
	traces = otlp.New(otlp.Config{Endpoint: r.URL, Logger: zap.New(core)})
	record(t, traces, "")
	closed(t, traces)
	if len(r.Spans()) != 1 || len(r.Requests()) != 3 {
		t.Errorf("%d spans by %d requests, want no second try", len(r.Spans()), len(r.Requests()))
	}
	if logs.Len() != 1 || logs.All()[0].ContextMap()["spans_lost"] != int64(1) {
		t.Errorf("log: %v", logs.All())
	}
}

// A receiver that is away, or takes the connection and says nothing, holds nobody
// up: neither who makes spans nor, for long, who stops.
func TestTraces_without_a_receiver_hold_nobody_up(t *testing.T) {
	t.Parallel()
	silent, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	for name, endpoint := range map[string]string{"away": "http://127.0.0.1:1/v1/traces", "silent": "http://" + silent.Addr().String() + "/v1/traces"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			core, logs := observer.New(zap.InfoLevel)
			traces := otlp.New(otlp.Config{Endpoint: endpoint, Logger: zap.New(core)})
			record(t, traces, make([]string, 5000)...) // more than wait
			closed(t, traces)
			if !slices.ContainsFunc(logs.All(), func(e observer.LoggedEntry) bool { return e.Level == zap.WarnLevel }) {
				t.Error("the loss is not logged")
			}
		})
	}
}
