package engine

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/trace"

	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

// Decider is what a service does with its inputs. It is called from one
// goroutine at a time.
type Decider interface {
	// Load reads and locks, by key and in key order, every row that the inputs
	// touch, and returns the batch's state. The state lives no longer than the
	// transaction: after any failure Load is called again.
	Load(ctx context.Context, tx *sqldb.Tx, inputs []*Input) (State, error)
}

// State is what was loaded for one batch.
type State interface {
	// Decide decides one input. Now is the database's clock, the same for all
	// inputs. If it returns an error, the state must be as it was before; the
	// error is the input's verdict (see [Never]). It is called for the inputs in
	// the order in which they came, those of one lane.
	Decide(ctx context.Context, now time.Time, in *Input) (Decision, error)
	// Save writes what changed: UPDATE for what was loaded, plain INSERT for
	// what is new, never an upsert. What it queues is sent afterwards.
	Save(ctx context.Context, tx *sqldb.Tx) error
	// Committed is called once the transaction is durable. It must not block.
	Committed()
}

// Decision is what became of an input.
type Decision struct {
	// Reply is the answer to a command.
	Reply any
	// Events are published after the commit. Name, Subject and Payload are
	// needed; what else is empty is filled in, in place, before Save: the ID
	// derives from Subject and Name, so that an answer given again is the same
	// event; lane, correlation and trace are the input's. A TraceParent of another
	// trace than the input's is where the event's own story is told, and continues
	// there. The payload is of the newest version, in which Save finds the event
	// sealed; the versions that are published are the [Config]'s.
	Events []event.Event
	// Call, if not nil, is made after the commit; its outcome is an input of
	// its own, and the input that asked for the call is not acknowledged before
	// that one's outputs are published.
	Call *Call

	sends []trace.Span // of those Events that are traced
}

// Call is one call to the outside world.
type Call struct {
	// Key joins calls: while one with this key has no outcome yet in this process,
	// a second one waits for the same outcome, which is then decided for each of
	// the inputs that asked. Should another try be needed, it is made with the
	// latest Do. Required.
	Key string
	// Name is what is called, as a span names it: one of a few. It may be empty.
	Name string
	// Do makes the call and returns the Body of the input that tells of its
	// outcome. An error means that the outcome is unknown: Do is called again,
	// with growing pauses and as the [Config]'s Breaker allows, until it is known.
	// Do must therefore be idempotent; its context ends with the CallTimeout.
	// An error marked with [Never] is a definite refusal: the input that asked
	// becomes a dead letter.
	Do func(ctx context.Context) (any, error)
}

// Meta is what an input hands on to everything that it leads to.
type Meta struct {
	CorrelationID string
	CausationID   string // the event that caused the input
	TraceParent   string // W3C trace context: of the input's own span, if it has one
	Lane          string
}

// Input is one thing to decide.
type Input struct {
	// Body is what to decide: an event's payload, a command, a tick, or the
	// outcome of a call.
	Body any
	// Event is the event that Body is the payload of or, where Body is the
	// outcome of a call, the event that asked for the call; nil for commands and
	// ticks.
	Event *event.Event
	// Meta goes on to the outputs.
	Meta Meta

	cause    string // inputs of one batch with one cause are decided once
	outcome  bool   // of a call: never decided as a copy of its cause
	awaited  bool   // a command: its caller gets the refusal
	letter   *letter
	replays  []*replay  // the dead letters that it replays, nearly always none
	alone    bool       // of a replay: it may end the process
	attempts int        // as the failures table knows them
	failure  error      // set once the input must not be decided any more
	unopened bool       // there is nothing to decide, whenever its turn comes
	span     trace.Span // nil if it is not traced
	owed     []owner    // told what became of the input, each once
}

// owner is where an input came from.
type owner interface {
	// committed is called when the input's transaction is durable; err is the
	// decider's refusal.
	committed(reply any, err error)
	// settled is called when nothing more will be done about the input; err
	// means that it was not handled and must come again.
	settled(err error)
}

func (in *Input) committed(reply any, err error) {
	for _, o := range in.owed {
		o.committed(reply, err)
	}
}

// join adds what hangs on a second input of the same cause.
func (in *Input) join(twin *Input) {
	in.owed = append(in.owed, twin.owed...)
	in.replays = append(in.replays, twin.replays...)
	in.awaited = in.awaited && twin.awaited
	if in.span == nil {
		in.span = twin.span
	}
	switch {
	case in.letter == nil:
		in.letter = twin.letter
	case twin.letter != nil:
		in.letter.again = in.letter.again || twin.letter.again
	}
}

func (in *Input) settled(err error) {
	for _, o := range in.owed {
		o.settled(err)
	}
	in.owed = nil
}
