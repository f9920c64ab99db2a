package otlp

import (
	"context"
	"crypto/tls"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
)

// Config says where spans go and which. Endpoint is required.
type Config struct {
	// Endpoint is the receiver's URL, as http://127.0.0.1:4318/v1/traces.
	Endpoint string
	// Headers go with each request; they may be nil.
	Headers map[string]string
	// Timeout is how long an export may take, its repetitions included; 10 s if
	// zero.
	Timeout time.Duration
	// Gzip makes requests smaller.
	Gzip bool
	// TLS is the system's if nil.
	TLS *tls.Config
	// Sampler decides which traces are recorded; if nil, all that begin here and
	// those of others that were sampled.
	Sampler sdktrace.Sampler
	// Logger gets what could not be sent; it may be nil.
	Logger *zap.Logger
}

// Traces sends the spans of one process. A nil one has no provider.
type Traces struct {
	client    *client
	processor sdktrace.SpanProcessor
	sampler   sdktrace.Sampler
}

// FromEnv is New as the OTEL_ variables of the environment have it. It returns nil
// if they ask for nothing: unless an endpoint is named. It refuses values that it
// does not know.
func FromEnv(log *zap.Logger) (*Traces, error) {
	if !configured() {
		return nil, nil
	}
	cfg, err := read()
	if err != nil {
		return nil, err
	}
	cfg.Logger = log
	return New(cfg), nil
}

// New begins to run at once, whether the receiver is there or not. The result must
// be closed.
func New(cfg Config) *Traces {
	if cfg.Timeout <= 0 {
		cfg.Timeout = 10 * time.Second
	}
	if cfg.Sampler == nil {
		cfg.Sampler = sdktrace.ParentBased(sdktrace.AlwaysSample())
	}
	if cfg.Logger == nil {
		cfg.Logger = zap.NewNop()
	}
	c := newClient(cfg)
	return &Traces{
		client:    c,
		processor: sdktrace.NewBatchSpanProcessor(otlptrace.NewUnstarted(c)),
		sampler:   cfg.Sampler,
	}
}

// Provider returns the provider of one service in the process, by its name unless
// OTEL_SERVICE_NAME gives another, and its version, which may be empty. It is nil
// if t is.
func (t *Traces) Provider(service, version string) trace.TracerProvider {
	if t == nil {
		return nil
	}
	who := []resource.Option{
		resource.WithHost(), resource.WithProcessPID(), resource.WithTelemetrySDK(),
		resource.WithAttributes(semconv.ServiceName(service)),
	}
	if version != "" {
		who = append(who, resource.WithAttributes(semconv.ServiceVersion(version)))
	}
	r, _ := resource.New(context.Background(), append(who, resource.WithFromEnv())...) // what it cannot find out is left out
	return sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(t.processor), sdktrace.WithResource(r), sdktrace.WithSampler(t.sampler))
}

// closing is how long Close takes at most.
const closing = 2 * time.Second

// Close sends what is left, for two seconds at most, and drops the rest and spans
// that end later. It may be called twice, and on nil.
func (t *Traces) Close() error {
	if t == nil {
		return nil
	}
	late := time.AfterFunc(closing, t.client.abort)
	defer late.Stop()
	err := t.processor.Shutdown(context.Background()) // an aborted client ends it
	t.client.close()
	return err
}
