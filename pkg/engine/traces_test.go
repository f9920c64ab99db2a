package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"orderly/pkg/engine"
	"orderly/pkg/event"
	"orderly/pkg/tracecontext"
)

// The trace that deposits come with, sampled and not.
const (
	traceID   = "0af7651916cd43dd8448eb211c80319c"
	sampled   = "00-" + traceID + "-b7ad6b7169203331-01"
	unsampled = "00-" + traceID + "-b7ad6b7169203331-00"
)

// spans are those that an engine has ended.
type spans struct {
	*testing.T
	recorder *tracetest.SpanRecorder
	provider *sdktrace.TracerProvider
}

func newSpans(t *testing.T) *spans {
	s := &spans{T: t, recorder: tracetest.NewSpanRecorder()}
	s.provider = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(s.recorder))
	return s
}

func (s *spans) on(c *engine.Config) { c.Traces = s.provider }

// named returns the spans whose names begin so, by when they began.
func (s *spans) named(name string) []sdktrace.ReadOnlySpan {
	var found []sdktrace.ReadOnlySpan
	for _, span := range s.recorder.Ended() {
		if strings.HasPrefix(span.Name(), name) {
			found = append(found, span)
		}
	}
	slices.SortFunc(found, func(a, b sdktrace.ReadOnlySpan) int { return a.StartTime().Compare(b.StartTime()) })
	return found
}

// one returns the only span whose name begins so.
func (s *spans) one(name string) sdktrace.ReadOnlySpan {
	s.Helper()
	found := s.named(name)
	if len(found) != 1 {
		s.Fatalf("%d spans %q, want 1: %v", len(found), name, s.names())
	}
	return found[0]
}

func (s *spans) names() (names []string) {
	for _, span := range s.recorder.Ended() {
		names = append(names, span.Name())
	}
	return names
}

// inOneTrace wants all spans in the trace that the deposits came with, each below
// another one of it.
func (s *spans) inOneTrace() {
	s.Helper()
	ids := map[string]bool{"b7ad6b7169203331": true}
	for _, span := range s.recorder.Ended() {
		ids[span.SpanContext().SpanID().String()] = true
	}
	for _, span := range s.recorder.Ended() {
		if got := span.SpanContext().TraceID().String(); got != traceID || !ids[span.Parent().SpanID().String()] {
			s.Errorf("%s is in trace %s below %s", span.Name(), got, span.Parent().SpanID())
		}
	}
}

func (s *spans) below(child, parent sdktrace.ReadOnlySpan) {
	s.Helper()
	if child.Parent().SpanID() != parent.SpanContext().SpanID() {
		s.Errorf("%s is not below %s", child.Name(), parent.Name())
	}
}

func attributeOf(span sdktrace.ReadOnlySpan, name string) string {
	for _, a := range span.Attributes() {
		if string(a.Key) == name {
			return a.Value.String()
		}
	}
	return ""
}

// traced is a deposit's event in a trace.
func (r *rig) traced(d deposit, parent string) event.Event {
	r.Helper()
	e := r.made(d)
	e.TraceParent = parent
	return e
}

// An event's way through a service is one branch of its trace: how long it lay in
// the stream, what was done about it, the commit, the call, and what was said.
func TestTraces_follow_an_event(t *testing.T) {
	t.Parallel()
	r, s := newRig(t, onSQLite(t)), newSpans(t)
	r.bank.approve = func(ctx context.Context, _ deposit) error {
		if got := trace.SpanContextFromContext(ctx).TraceID().String(); got != traceID {
			t.Errorf("the call is made in trace %s", got)
		}
		return nil
	}
	r.send([]event.Event{r.traced(one(1, "call"), sampled)})
	e := r.start(s.on)
	r.drained()
	r.stop(e)
	s.inOneTrace()
	receive, process := s.one("receive deposits.made.v1.standard"), s.one("process deposits.made.v1.standard")
	call, send := s.one("call"), s.one("send balances.changed.v1.standard")
	s.below(process, receive)
	s.below(call, process)
	s.below(send, process)
	commits := s.named("commit")
	if len(commits) != 2 {
		t.Fatalf("%d commits, want those of the intent and of the outcome", len(commits))
	}
	for _, commit := range commits {
		s.below(commit, process)
	}
	if stored := r.stored("deposits")[0].Time; !receive.StartTime().Equal(stored) {
		t.Errorf("the wait in the stream begins at %v, want when it was stored, %v", receive.StartTime(), stored)
	}
	if process.EndTime().Before(send.EndTime()) || receive.EndTime().After(process.StartTime()) {
		t.Error("the event was handled before it was received, or had its answer published later")
	}
	for name, want := range map[string]string{
		"messaging.system": "nats", "messaging.operation.name": "process", "messaging.operation.type": "process",
		"messaging.destination.name": "deposits.made.v1.standard", "messaging.consumer.group.name": service,
		"messaging.message.id": event.DeriveID(depositID(1), "made"), "cloudevents.event_subject": depositID(1),
		"messaging.nats.message.delivery_count": "1",
	} {
		if got := attributeOf(process, name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	answer := r.answers()[depositID(1)][0]
	if answer.TraceParent != tracecontext.Format(send.SpanContext()) {
		t.Errorf("the answer's traceparent is %q, not that of the span that sent it", answer.TraceParent)
	}
}

// A batch is in the trace of one of its inputs and linked with the others, both
// ways.
func TestTraces_link_a_batch_with_its_inputs(t *testing.T) {
	t.Parallel()
	r, s := newRig(t, onSQLite(t)), newSpans(t)
	const other = "00-11111111111111111111111111111111-b7ad6b7169203331-01"
	r.send([]event.Event{r.traced(one(1, ""), sampled), r.traced(one(2, ""), other), r.traced(one(3, ""), unsampled)})
	e := r.start(s.on)
	r.drained()
	r.stop(e)
	commit, processes := s.one("commit"), s.named("process")
	if len(processes) != 2 || attributeOf(commit, "messaging.batch.message_count") != "3" {
		t.Fatalf("%v, and a batch of %s", s.names(), attributeOf(commit, "messaging.batch.message_count"))
	}
	s.below(commit, processes[0])
	if l := commit.Links(); len(l) != 1 || !l[0].SpanContext.Equal(processes[1].SpanContext()) {
		t.Errorf("the commit is linked with %v", l)
	}
	if l := processes[1].Links(); len(l) != 1 || !l[0].SpanContext.Equal(commit.SpanContext()) {
		t.Errorf("the second input is linked with %v", l)
	}
}

// What comes again stays in its trace: after a process that went without an
// answer, after attempts that failed, and as a dead letter that is replayed.
func TestTraces_stay_one(t *testing.T) {
	t.Parallel()
	t.Run("redelivered", func(t *testing.T) {
		t.Parallel()
		r, s := newRig(t, onSQLite(t)), newSpans(t)
		var calls atomic.Int64
		r.bank.approve = func(ctx context.Context, _ deposit) error {
			if calls.Add(1) == 1 {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		r.send([]event.Event{r.traced(one(1, "call"), sampled)})
		e := r.start(func(c *engine.Config) { s.on(c); c.StopTimeout = time.Millisecond })
		r.await("the call is under way", func() bool { return calls.Load() == 1 })
		_ = e.Stop(t.Context()) // it cannot be clean
		e = r.start(s.on)
		r.drained()
		r.stop(e)
		s.inOneTrace()
		processes := s.named("process")
		if len(processes) != 2 || processes[0].Status().Description == "" || attributeOf(processes[1], "messaging.nats.message.delivery_count") != "2" {
			t.Errorf("processed as %v", processes)
		}
	})
	t.Run("again", func(t *testing.T) {
		t.Parallel()
		r, s := newRig(t, onSQLite(t)), newSpans(t)
		var tries atomic.Int64
		r.bank.decide = func(context.Context, *engine.Input, deposit) error {
			if tries.Add(1) < 3 {
				return errors.New("no luck")
			}
			return nil
		}
		r.send([]event.Event{r.traced(one(1, ""), sampled)})
		e := r.start(s.on)
		r.drained()
		r.stop(e)
		s.inOneTrace()
		var events []string
		for _, happened := range s.one("process").Events() {
			events = append(events, happened.Name)
		}
		if want := []string{"refused", "refused", "committed"}; !slices.Equal(events, want) {
			t.Errorf("to the input happened %v, want %v", events, want)
		}
	})
	t.Run("replayed", func(t *testing.T) {
		t.Parallel()
		r, s := newRig(t, onSQLite(t)), newSpans(t)
		var mended atomic.Bool
		r.bank.decide = func(context.Context, *engine.Input, deposit) error {
			if mended.Load() {
				return nil
			}
			return engine.Never(errors.New("no luck"))
		}
		core, logs := observer.New(zap.ErrorLevel)
		r.send([]event.Event{r.traced(one(1, ""), sampled), r.traced(one(2, ""), unsampled)})
		e := r.start(func(c *engine.Config) { s.on(c); c.Logger = zap.New(core) })
		r.drained()
		if got := s.one("process").Status().Description; got != "dead letter" {
			t.Errorf("what died ended with %q", got)
		}
		for _, l := range logs.FilterMessage("input was not handled").All() {
			if l.ContextMap()["trace_id"] != traceID {
				t.Errorf("the log does not name the trace: %v", l.ContextMap())
			}
		}
		mended.Store(true)
		request, span := s.provider.Tracer("test").Start(trace.ContextWithRemoteSpanContext(t.Context(), parse(t, sampled)), "request")
		span.End()
		for _, l := range r.letters(e, engine.LetterFilter{}) {
			if _, err := e.DeadLetters().Rehearse(t.Context(), l.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := e.DeadLetters().Replay(request, ann, l.ID); err != nil {
				t.Fatal(err)
			}
		}
		r.await("both are answered", func() bool { return len(r.answers()) == 2 })
		r.stop(e)
		s.inOneTrace()
		processes := s.named("process")
		if len(processes) != 2 || len(processes[1].Links()) != 1 || !processes[1].Links()[0].SpanContext.Equal(span.SpanContext()) {
			t.Fatalf("replayed as %v", s.names())
		}
		s.below(s.one("send"), processes[1])
	})
}

// What an event belongs to may be another story than the one that its input came
// with: it continues there, with a link to where it was said.
func TestTraces_continue_a_story_elsewhere(t *testing.T) {
	t.Parallel()
	r, s := newRig(t, onSQLite(t)), newSpans(t)
	const elsewhere = "00-11111111111111111111111111111111-2222222222222222-01"
	r.bank.story = elsewhere
	e := r.start(func(c *engine.Config) {
		s.on(c)
		c.Timers = []engine.Timer{{Every: time.Hour, Due: func(context.Context) ([]any, error) { return []any{one(2, "")}, nil }}}
	})
	if _, err := e.Do(t.Context(), one(1, ""), engine.Meta{TraceParent: sampled}); err != nil {
		t.Fatal(err)
	}
	r.await("both are answered", func() bool { return len(r.answers()) == 2 })
	r.stop(e)
	decide := s.one("decide")
	for _, send := range s.named("send") {
		if send.Parent().SpanID().String() != "2222222222222222" {
			t.Errorf("sent below %s", send.Parent().SpanID())
		}
		command := attributeOf(send, "messaging.message.id") == event.DeriveID(depositID(1), "balances.changed")
		if l := send.Links(); command && (len(l) != 1 || !l[0].SpanContext.Equal(decide.SpanContext())) || !command && len(l) != 0 {
			t.Errorf("sent with the links %v", l)
		}
	}
}

// An event that came without a context begins a trace, one for all that follows.
func TestTraces_begin_where_there_is_none(t *testing.T) {
	t.Parallel()
	r, s := newRig(t, onSQLite(t)), newSpans(t)
	r.send([]event.Event{r.traced(one(1, ""), "")})
	e := r.start(s.on)
	r.drained()
	r.stop(e)
	root := s.one("receive")
	for _, span := range s.recorder.Ended() {
		if span.SpanContext().TraceID() != root.SpanContext().TraceID() {
			t.Errorf("%s is in a trace of its own", span.Name())
		}
	}
	if root.Parent().IsValid() || len(s.names()) != 4 {
		t.Errorf("the spans are %v", s.names())
	}
}

// A trace that is not sampled is passed on and leaves no span, and so is every
// trace where there is no provider.
func TestTraces_that_are_not_sampled_are_passed_on(t *testing.T) {
	t.Parallel()
	r, s := newRig(t, onSQLite(t)), newSpans(t)
	r.send([]event.Event{r.traced(one(1, ""), unsampled)})
	e := r.start(s.on)
	r.drained()
	r.stop(e)
	if got := r.answers()[depositID(1)][0].TraceParent; got != unsampled || len(s.names()) > 0 {
		t.Errorf("the answer's traceparent is %q, the spans are %v", got, s.names())
	}
}

func parse(t *testing.T, traceParent string) trace.SpanContext {
	t.Helper()
	sc, ok := tracecontext.Parse(traceParent)
	if !ok {
		t.Fatalf("%q is no traceparent", traceParent)
	}
	return sc
}
