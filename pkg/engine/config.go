package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"orderly/pkg/breaker"
	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

// Config says what an engine runs and how much of it at a time. Name, DB and
// Decider are required; the rest has defaults.
type Config struct {
	// Name is the service's name: the source of its events and the handler in
	// its inbox and dead letters. It must never change. It is a token of a NATS
	// subject: no spaces, dots or wildcards.
	Name string
	// DB is the service's database. It must have the engine's [Tables].
	DB *sqldb.DB
	// Decider decides.
	Decider Decider
	// JetStream carries events; it may be nil for a service without any.
	JetStream jetstream.JetStream
	// Registry checks and codes events; required with JetStream.
	Registry *event.Registry
	// Publish says in which versions an event is published, by its name: in each
	// of them, under one id, while readers move from one to the next. An event
	// that is not named is published in the newest. It does not matter what a
	// previous process published: an answer that is given again is given in these
	// versions.
	Publish map[string][]int
	// Consumers are the durable consumers to read.
	Consumers []Consumer
	// Restore, if not nil, is called when a consumer, its stream or a stream to
	// publish to is not there (any more), to make it again. Several goroutines
	// may call it at once.
	Restore func(context.Context) error
	// Urgent are the lanes, as [Meta] has them, whose inputs go before all others
	// that wait, those with no lane among them: into the next batch, to the calls,
	// to the broker. The others are not starved: while urgent inputs come, half of
	// a batch is for the others, and no more, as soon as the broker has stored what
	// they said last, or did not for 100 ms. So nothing urgent waits for the largest
	// batches, nor behind many messages before a stream. The others have all but an
	// eighth of MaxCalls.
	// What waits in a consumer passes nothing by itself: give each lane a consumer
	// of its own. Nothing is urgent if empty.
	Urgent []string
	// Timers are asked in turn what is due.
	Timers []Timer
	// Logger may be nil. [logs.FromSlog] makes one of a slog.Handler.
	Logger *zap.Logger
	// Traces, if not nil, gets the spans of what belongs to a sampled trace or
	// begins one: of inputs, commits, calls and events. The traceparents that come
	// in are passed on without it, too.
	Traces trace.TracerProvider
	// LogSubject is the field in which the log has the subject of an event, as
	// "order_id"; "subject" if empty.
	LogSubject string

	// MaxInputs is how many inputs a batch may have; 256 if zero. 1 handles
	// one input at a time.
	MaxInputs int
	// MaxWeight bounds a batch by the sum of Weigh; 4,000 if zero.
	MaxWeight int
	// Weigh says how much work the body of an input is; 1 each if nil.
	Weigh func(body any) int
	// MaxAttempts is how often an input is tried before it is a dead letter;
	// 5 if zero. [Handler.Retry] says it for one handler.
	MaxAttempts int
	// RetryPause is the pause before the second attempt, doubled for each
	// further one up to a minute and spread by jitter; 200 ms if zero, and at
	// most a minute.
	RetryPause time.Duration
	// Linger is how long a batch waits for company after a batch of four or
	// more; 2 ms if zero, none if negative. An idle engine never waits.
	Linger time.Duration
	// MaxUnsent is how many events may wait for the broker to take them while
	// further batches are decided; 16,384 if zero. A broker that elects a leader,
	// or is away for a while, holds up no command until then.
	MaxUnsent int
	// MaxCalls is how many outside calls run at a time; 512 if zero.
	MaxCalls int
	// CallTimeout is how long one try of a call may take; its outcome is unknown
	// then. 10 s if zero. It may be longer than a consumer's AckWait, which
	// heartbeats extend; if it is longer than StopTimeout, a stop may have to leave
	// calls that are under way.
	CallTimeout time.Duration
	// Breaker stands before the calls: while it is open none is tried, and
	// Consumers whose events lead to Calls fetch nothing. If nil, calls are tried
	// whatever became of those before.
	Breaker *breaker.Breaker
	// CallPause is the pause after a call without an answer, doubled each time
	// up to 5 s and spread by jitter; 50 ms if zero.
	CallPause time.Duration
	// TransactionTimeout frees the loop from a database that neither answers
	// nor refuses, and from a decider that does not return; 30 s if zero.
	TransactionTimeout time.Duration
	// StuckAfter is how long messages may wait in a consumer, be asked for, and not
	// come, before the consumer is bound anew; if that has not helped for as long,
	// [Engine.Stats] says so. 15 s if zero.
	StuckAfter time.Duration
	// StopTimeout bounds Stop; 25 s if zero.
	StopTimeout time.Duration
}

func (c Config) withDefaults() Config {
	def(&c.LogSubject, "subject")
	def(&c.MaxInputs, 256)
	def(&c.MaxWeight, 4000)
	def(&c.MaxAttempts, 5)
	def(&c.RetryPause, 200*time.Millisecond)
	def(&c.Linger, 2*time.Millisecond)
	def(&c.MaxUnsent, 16<<10)
	def(&c.MaxCalls, 512)
	def(&c.CallTimeout, 10*time.Second)
	def(&c.CallPause, 50*time.Millisecond)
	def(&c.TransactionTimeout, 30*time.Second)
	def(&c.StuckAfter, 15*time.Second)
	def(&c.StopTimeout, 25*time.Second)
	if c.Weigh == nil {
		c.Weigh = func(any) int { return 1 }
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	return c
}

// urgent reports whether an input goes before the others.
func (c Config) urgent(in *Input) bool { return slices.Contains(c.Urgent, in.Meta.Lane) }

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (c Config) validate() error {
	switch {
	case c.Name == "":
		return errors.New("no Name is given")
	case strings.ContainsAny(c.Name, " \t\r\n.*>"):
		return fmt.Errorf("the Name %q must be one token of a NATS subject: no spaces, dots or wildcards", c.Name)
	case c.DB == nil || c.Decider == nil:
		return errors.New("a DB and a Decider are required")
	case len(c.Consumers) > 0 && c.JetStream == nil:
		return errors.New("a JetStream is required for Consumers")
	case c.JetStream != nil && c.Registry == nil:
		return errors.New("a Registry is required with a JetStream")
	case slices.Contains(c.Urgent, ""):
		return errors.New("an Urgent lane has no name")
	case min(c.MaxInputs, c.MaxWeight, c.MaxAttempts, c.MaxUnsent, c.MaxCalls) < 0:
		return errors.New("none of MaxInputs, MaxWeight, MaxAttempts, MaxUnsent and MaxCalls may be negative")
	case min(c.RetryPause, c.CallPause, c.CallTimeout, c.TransactionTimeout, c.StuckAfter, c.StopTimeout) < 0:
		return errors.New("pauses and timeouts must not be negative")
	}
	if err := (policy{attempts: c.MaxAttempts, pause: c.RetryPause}).validate(); err != nil {
		return err
	}
	if err := c.validatePublish(); err != nil {
		return err
	}
	for _, r := range c.Consumers {
		if r.Stream == "" || r.Name == "" || r.MaxInHand < 0 {
			return errors.New("a Consumer needs Stream and Name, and a MaxInHand that is not negative")
		}
	}
	for _, t := range c.Timers {
		if t.Every <= 0 || t.Due == nil {
			return errors.New("a Timer needs Due, and an Every above zero")
		}
	}
	return nil
}

// validatePublish refuses a version that there is not: nothing would be said.
func (c Config) validatePublish() error {
	for _, name := range slices.Sorted(maps.Keys(c.Publish)) {
		versions := c.Publish[name]
		if len(versions) == 0 {
			return fmt.Errorf("event %s is to be published in no version", name)
		}
		for i, version := range versions {
			if c.Registry == nil {
				return errors.New("a Registry is required with Publish")
			}
			if contract, ok := c.Registry.Lookup(name, version); !ok || contract.Version != version {
				return fmt.Errorf("event %s is to be published in version %d, which the Registry does not know", name, version)
			}
			if slices.Contains(versions[:i], version) {
				return fmt.Errorf("event %s is to be published in version %d twice", name, version)
			}
		}
	}
	return nil
}
