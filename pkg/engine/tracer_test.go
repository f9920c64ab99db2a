package engine

import (
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"orderly/pkg/event"
)

// Without traces, and in a trace that is not sampled, nothing is made on the way
// of an event: it costs a comparison or two.
func TestTracer_without_anything_to_record_makes_nothing(t *testing.T) {
	const unsampled = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
	for name, tracer := range map[string]*tracer{
		"off":         nil,
		"not sampled": {Tracer: sdktrace.NewTracerProvider().Tracer("test")},
	} {
		t.Run(name, func(t *testing.T) {
			m := &message{}
			in := &Input{Event: &event.Event{}, Meta: Meta{TraceParent: unsampled}}
			out := &event.Event{TraceParent: unsampled}
			inputs, call, letter := []*Input{in}, &Call{}, &Letter{}
			ctx, subject := t.Context(), func(event.Event) string { panic("nobody wants to know") }
			n := testing.AllocsPerRun(100, func() {
				tracer.received(m, in)
				tracer.commanded(in)
				tracer.replayed(ctx, in, letter)
				end(tracer.transaction(inputs), nil)
				tracer.called(ctx, call, inputs)
				tracer.said(out, in, subject)
			})
			if n != 0 || in.span != nil || in.Meta.TraceParent != unsampled || out.TraceParent != unsampled {
				t.Errorf("%v allocations, %+v", n, in)
			}
		})
	}
}
