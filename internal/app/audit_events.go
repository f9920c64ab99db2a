package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"orderly/events"
	"orderly/internal/audit"
	"orderly/pkg/engine"
	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

// auditStreams shows the events in the streams as they were when it was asked.
type auditStreams struct {
	js       jetstream.JetStream
	registry *event.Registry
	db       *sqldb.DB // knows what the streams have lost
}

const (
	auditFetch = 256
	auditPause = 5 * time.Second // without a message that should be there
	auditAgain = 20 * time.Millisecond
	// auditOwner is when the server forgets a reader that is gone.
	auditOwner = time.Minute
)

var errGap = errors.New("messages were lost on the way: ask again")

// auditedStreams maps the streams to what their events' names begin with.
func auditedStreams() []audit.Stream {
	return []audit.Stream{
		{Name: StreamOrders, Domain: "orders"},
		{Name: StreamInventory, Domain: "inventory"},
		{Name: StreamPayments, Domain: "payments"},
	}
}

func (a auditStreams) read(ctx context.Context, emit func(audit.Line) error) error {
	if err := emit(audit.Line{Head: &audit.Head{At: time.Now().UTC()}}); err != nil {
		return err
	}
	marks, err := engine.StreamMarks(ctx, a.db)
	if err != nil {
		return err
	}
	for _, s := range auditedStreams() {
		if err := a.readStream(ctx, s, marks[s.Name].WholeSince, emit); err != nil {
			return fmt.Errorf("read stream %s: %w", s.Name, err)
		}
	}
	return nil
}

func (a auditStreams) readStream(ctx context.Context, s audit.Stream, whole time.Time, emit func(audit.Line) error) error {
	stream, err := a.js.Stream(ctx, s.Name)
	if err != nil {
		return err
	}
	info := stream.CachedInfo()
	if info.State.LastSeq == 0 {
		s.Since = later(info.Created, whole)
	}
	if info.State.Msgs == 0 {
		return emit(audit.Line{Stream: &s})
	}
	consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		AckPolicy:         jetstream.AckNonePolicy,
		DeliverPolicy:     jetstream.DeliverAllPolicy,
		MemoryStorage:     true,
		InactiveThreshold: auditOwner,
	})
	if err != nil {
		return err
	}
	defer func() {
		_ = a.js.DeleteConsumer(context.WithoutCancel(ctx), s.Name, consumer.CachedInfo().Name) // the server forgets it by itself
	}()
	r := streamReading{registry: a.registry, stream: s, created: info.Created, whole: whole, last: info.State.LastSeq, emit: emit}
	if err := r.run(ctx, consumer); err != nil || r.next > 1 {
		return err
	}
	return emit(audit.Line{Stream: &s}) // everything has expired meanwhile
}

// streamReading reads one stream up to what was its end at the beginning.
type streamReading struct {
	registry *event.Registry
	stream   audit.Stream
	created  time.Time
	whole    time.Time // when it was found to have lost something, or zero
	last     uint64
	emit     func(audit.Line) error
	next     uint64 // message of the consumer, counted from 1
	pending  uint64 // messages not delivered yet, as the server knows
	done     bool
}

func (r *streamReading) run(ctx context.Context, consumer jetstream.Consumer) error {
	r.pending = consumer.CachedInfo().NumPending
	for r.next = 1; !r.done && r.pending > 0; {
		before := r.next
		if err := r.fetch(ctx, consumer); err != nil {
			return err
		}
		if r.next == before {
			return r.dry(ctx, consumer)
		}
	}
	return nil
}

// fetch asks for what is there, so that it does not wait for more. It asks
// again while the server that it talks to has not heard yet of a consumer that
// another server of the cluster has just made.
func (r *streamReading) fetch(ctx context.Context, consumer jetstream.Consumer) error {
	ctx, cancel := context.WithTimeout(ctx, auditPause)
	defer cancel()
	for {
		err := r.fetchOnce(ctx, consumer)
		if !errors.Is(err, nats.ErrNoResponders) {
			return err
		}
		select {
		case <-time.After(auditAgain):
		case <-ctx.Done():
			return err
		}
	}
}

func (r *streamReading) fetchOnce(ctx context.Context, consumer jetstream.Consumer) error {
	batch, err := consumer.Fetch(int(min(r.pending, auditFetch)), jetstream.FetchContext(ctx))
	if err != nil {
		return err
	}
	for m := range batch.Messages() {
		if err := r.message(m); err != nil {
			return err
		}
	}
	if err := batch.Error(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}

// dry is for a fetch without a message: what was the last one may have expired.
func (r *streamReading) dry(ctx context.Context, consumer jetstream.Consumer) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	info, err := consumer.Info(ctx)
	if err != nil {
		return err
	}
	if info.NumPending > 0 || info.Delivered.Consumer != r.next-1 {
		return errGap
	}
	return nil
}

func (r *streamReading) message(m jetstream.Msg) error {
	meta, err := m.Metadata()
	if err != nil {
		return err
	}
	if r.done {
		return nil
	}
	if meta.Sequence.Consumer != r.next {
		return errGap
	}
	if r.next == 1 {
		if err := r.begin(meta); err != nil {
			return err
		}
	}
	r.next++
	r.pending = meta.NumPending
	r.done = meta.Sequence.Stream >= r.last
	if meta.Sequence.Stream > r.last {
		return nil
	}
	return r.events(m, meta.Sequence.Stream)
}

func (r *streamReading) begin(meta *jetstream.MsgMetadata) error {
	r.stream.Since = meta.Timestamp
	if meta.Sequence.Stream == 1 {
		r.stream.Since = r.created
	}
	r.stream.Since = later(r.stream.Since, r.whole)
	return r.emit(audit.Line{Stream: &r.stream})
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func (r *streamReading) events(m jetstream.Msg, sequence uint64) error {
	results, err := r.registry.Open(event.Message{Subject: m.Subject(), Header: m.Headers(), Data: m.Data()})
	if err != nil {
		return r.emit(audit.Line{Event: &audit.Event{Stream: r.stream.Name, Sequence: sequence}})
	}
	for _, result := range results {
		told := &audit.Event{Stream: r.stream.Name, Sequence: sequence, ID: result.Event.ID}
		if payload, ok := result.Event.Payload.(events.Event); ok && result.Err == nil {
			told.Name, told.Version = result.Event.Name, result.Event.Version
			told.OrderID, told.Sum = payload.Order(), audit.Sum(result.Event.Data)
			if identity := events.Identity(payload); identity != told.Name {
				told.Identity = identity
			}
		}
		if err := r.emit(audit.Line{Event: told}); err != nil {
			return err
		}
	}
	return nil
}
