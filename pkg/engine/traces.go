package engine

import (
	"context"
	"slices"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"orderly/pkg/event"
	"orderly/pkg/tracecontext"
)

// deliveries is how often a message came, which the conventions name for other
// brokers only.
const deliveries = attribute.Key("messaging.nats.message.delivery_count")

// tracer makes the engine's spans. A nil one makes none. What belongs to a trace
// that is not sampled gets none either: that was decided where the trace began.
type tracer struct {
	trace.Tracer
	database attribute.KeyValue
}

func newTracer(cfg Config) *tracer {
	if cfg.Traces == nil {
		return nil
	}
	return &tracer{
		Tracer:   cfg.Traces.Tracer("orderly/pkg/engine"),
		database: semconv.DBSystemNameKey.String(cfg.DB.Dialect().Name),
	}
}

// follow returns the context of what follows from a traceparent, or begins with
// nothing to follow from. It is false if there is nothing to record.
func (t *tracer) follow(traceParent string) (context.Context, bool) {
	if t == nil || tracecontext.Unsampled(traceParent) {
		return nil, false
	}
	parent, _ := tracecontext.Parse(traceParent) // what cannot be read is none
	return trace.ContextWithRemoteSpanContext(context.Background(), parent), true
}

// received tells how long an event has lain in its stream, and begins its input's
// span.
func (t *tracer) received(m *message, in *Input) {
	ctx, ok := t.follow(in.Meta.TraceParent)
	if !ok {
		return
	}
	subject, now := m.msg.Subject(), time.Now()
	stored := m.stored
	if stored.IsZero() || stored.After(now) { // by the broker's clock
		stored = now
	}
	attributes := append(messaging("receive", subject, in.Event, in.Meta),
		semconv.MessagingOperationTypeReceive,
		semconv.MessagingConsumerGroupName(m.reader.cfg.Name),
		deliveries.Int(m.deliveries))
	ctx, wait := t.Start(ctx, "receive "+subject, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithTimestamp(stored), trace.WithAttributes(attributes...))
	wait.End(trace.WithTimestamp(now))
	attributes = append(messaging("process", subject, in.Event, in.Meta),
		semconv.MessagingOperationTypeProcess,
		semconv.MessagingConsumerGroupName(m.reader.cfg.Name),
		deliveries.Int(m.deliveries))
	t.begin(ctx, in, "process "+subject, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(attributes...))
}

// replayed begins the span of a dead letter that is decided again, for somebody
// whose request is in ctx.
func (t *tracer) replayed(ctx context.Context, in *Input, l *Letter) {
	parent, ok := t.follow(in.Meta.TraceParent)
	if !ok || in.Event == nil {
		return
	}
	attributes := append(messaging("process", l.Message.Subject, in.Event, in.Meta),
		semconv.MessagingOperationTypeProcess,
		semconv.MessagingConsumerGroupName(l.Consumer),
		attribute.String("dead_letter.id", l.ID))
	t.begin(parent, in, "process "+l.Message.Subject, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(attributes...), trace.WithLinks(links(trace.SpanContextFromContext(ctx))...))
}

// commanded begins the span of a command.
func (t *tracer) commanded(in *Input) {
	if ctx, ok := t.follow(in.Meta.TraceParent); ok {
		t.begin(ctx, in, "decide")
	}
}

// begin gives an input a span, from now until nothing more will be done about it,
// in which all that it leads to continues. A trace that begins here may turn out
// not to be sampled.
func (t *tracer) begin(ctx context.Context, in *Input, name string, options ...trace.SpanStartOption) {
	_, span := t.Start(ctx, name, options...)
	in.Meta.TraceParent = tracecontext.Format(span.SpanContext())
	if span.IsRecording() {
		in.span = span
		in.owed = append(in.owed, spanOwner{span})
	}
}

// spanOwner ends the span of an input.
type spanOwner struct{ trace.Span }

func (s spanOwner) committed(_ any, err error) {
	if err != nil {
		s.AddEvent("refused", trace.WithAttributes(semconv.ExceptionMessage(err.Error())))
		return
	}
	s.AddEvent("committed")
}

func (s spanOwner) settled(err error) {
	if err != nil {
		s.SetStatus(codes.Error, err.Error())
	}
	s.End()
}

// transaction begins the span of a try to commit a batch: in the trace of its first
// input that has a span, linked with the others. It is nil if none has.
func (t *tracer) transaction(inputs []*Input) trace.Span {
	var spans []trace.Span
	for _, in := range inputs {
		if in.span != nil {
			spans = append(spans, in.span)
		}
	}
	if len(spans) == 0 {
		return nil
	}
	_, commit := t.Start(trace.ContextWithSpan(context.Background(), spans[0]), "commit",
		trace.WithSpanKind(trace.SpanKindClient), trace.WithLinks(links(contexts(spans[1:])...)...),
		trace.WithAttributes(t.database, semconv.DBOperationName("COMMIT"), semconv.MessagingBatchMessageCount(len(inputs))))
	for _, member := range spans[1:] {
		member.AddLink(trace.Link{SpanContext: commit.SpanContext()})
	}
	return commit
}

// called begins the span of one try of a call, for the inputs that wait for it. It
// returns ctx as it is, and nil, if none of them has a span.
func (t *tracer) called(ctx context.Context, call *Call, waiting []*Input) (context.Context, trace.Span) {
	var spans []trace.Span
	for _, in := range waiting {
		if in.span != nil {
			spans = append(spans, in.span)
		}
	}
	if len(spans) == 0 {
		return ctx, nil
	}
	name := call.Name
	def(&name, "call")
	return t.Start(trace.ContextWithSpan(ctx, spans[0]), name, trace.WithSpanKind(trace.SpanKindClient), trace.WithLinks(links(contexts(spans[1:])...)...))
}

// said begins the span of an output, from now until the broker has stored it, in
// which those who receive it continue. It is nil if there is nothing to record. What
// a story says outside of its own trace is linked to where that happens.
func (t *tracer) said(out *event.Event, in *Input, subject func(event.Event) string) trace.Span {
	ctx, ok := t.follow(out.TraceParent)
	if !ok {
		return nil
	}
	to := subject(*out)
	var from []trace.Link
	if in.span != nil && out.TraceParent != in.Meta.TraceParent {
		from = links(in.span.SpanContext())
	}
	attributes := append(messaging("send", to, out, Meta{CorrelationID: out.CorrelationID}), semconv.MessagingOperationTypeSend)
	_, span := t.Start(ctx, "send "+to, trace.WithSpanKind(trace.SpanKindProducer), trace.WithLinks(from...), trace.WithAttributes(attributes...))
	out.TraceParent = tracecontext.Format(span.SpanContext())
	if !span.IsRecording() {
		return nil
	}
	return span
}

// sent ends the spans of a batch's outputs.
func (r *result) sent(err error) {
	for _, d := range r.decided {
		for _, span := range d.sends {
			end(span, err)
		}
	}
}

// end ends a span that may be nil.
func end(span trace.Span, err error) {
	if span == nil {
		return
	}
	if err != nil {
		span.SetStatus(codes.Error, err.Error())
	}
	span.End()
}

// story is the traceparent of what an input leads to: the place in the story that
// the decider knows of, unless the input is in the same trace and further on.
func story(decided, here string) string {
	if decided == "" || tracecontext.Same(decided, here) {
		return here
	}
	return decided
}

func messaging(operation, subject string, e *event.Event, m Meta) []attribute.KeyValue {
	const most = 10 // with what the callers add
	attributes := append(make([]attribute.KeyValue, 0, most),
		semconv.MessagingSystemKey.String("nats"),
		semconv.MessagingOperationName(operation),
		semconv.MessagingDestinationName(subject),
		semconv.MessagingMessageConversationID(m.CorrelationID))
	if e == nil {
		return attributes
	}
	return append(attributes, semconv.MessagingMessageID(e.ID), semconv.CloudEventsEventType(e.Type), semconv.CloudEventsEventSubject(e.Subject))
}

func contexts(spans []trace.Span) []trace.SpanContext {
	out := make([]trace.SpanContext, len(spans))
	for i, span := range spans {
		out[i] = span.SpanContext()
	}
	return out
}

func links(to ...trace.SpanContext) []trace.Link {
	to = slices.DeleteFunc(to, func(sc trace.SpanContext) bool { return !sc.IsValid() })
	out := make([]trace.Link, len(to))
	for i, sc := range to {
		out[i] = trace.Link{SpanContext: sc}
	}
	return out
}
