package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"orderly/events"
	"orderly/order"
	"orderly/pkg/engine"
	"orderly/pkg/event"
)

// batch is what one transaction loaded and changed.
type batch struct {
	*Store
	now      time.Time
	accepted map[string]accepted
	orders   map[string]*tracked
	changed  []*tracked    // in the order in which they first changed
	found    []order.Order // placed by a commit whose outcome was unknown
	actions  []action      // new
	done     []string      // of the actions, by a commit whose outcome was unknown
}

type accepted struct {
	hash      string
	orderID   string
	createdAt time.Time
	isNew     bool
}

// tracked is an order before and after the batch.
type tracked struct {
	loaded  order.Order // zero for a new one
	now     order.Order
	entries int     // stored before
	added   []entry // to the history
	touched bool
}

// entry is an event for the history: one that the order heard, or one that it
// says, which the engine completes before Save.
type entry struct {
	event *event.Event
	at    time.Time
	cause string
}

func newBatch(s *Store) *batch {
	return &batch{Store: s, accepted: make(map[string]accepted), orders: make(map[string]*tracked)}
}

// Decide tells an order what the input has to say.
func (b *batch) Decide(_ context.Context, now time.Time, in *engine.Input) (engine.Decision, error) {
	b.now = now
	switch body := in.Body.(type) {
	case order.Place:
		return b.place(body)
	case order.Cancel:
		return b.cancel(body)
	case order.Retry:
		return b.retry(body)
	case Tick:
		return b.tick(body)
	case events.Event:
		return b.hear(in, body)
	}
	return engine.Decision{}, engine.Never(fmt.Errorf("orders cannot be told a %T", in.Body))
}

func (b *batch) place(p order.Place) (engine.Decision, error) {
	if p.IdempotencyKey != "" {
		if a, again := b.accepted[acceptedID(p)]; again && a.orderID != p.ID {
			if a.hash != p.RequestHash {
				return engine.Decision{}, fmt.Errorf("key %q: %w", p.IdempotencyKey, order.ErrKeyReused)
			}
			return engine.Decision{Reply: order.Accepted{OrderID: a.orderID, CreatedAt: a.createdAt, Replayed: true}}, nil
		}
	}
	if t := b.orders[p.ID]; t != nil {
		b.found = append(b.found, t.now)
		return placedBefore(b.cfg.Policy.Place(p, t.now.CreatedAt)), nil
	}
	if p.IdempotencyKey != "" {
		b.accepted[acceptedID(p)] = accepted{hash: p.RequestHash, orderID: p.ID, createdAt: b.now, isNew: true}
	}
	t := &tracked{}
	b.orders[p.ID] = t
	d := b.apply(t, b.cfg.Policy.Place(p, b.now), nil, order.CauseRequest)
	d.Reply = order.Accepted{OrderID: p.ID, CreatedAt: b.now}
	return d, nil
}

// placedBefore answers a request whose order is there although nobody was told:
// the outcome of the commit was unknown, and the batch runs again.
func placedBefore(r order.Result) engine.Decision {
	return engine.Decision{
		Reply:  order.Accepted{OrderID: r.Order.ID, CreatedAt: r.Order.CreatedAt},
		Events: speak(r),
	}
}

func (b *batch) cancel(c order.Cancel) (engine.Decision, error) {
	t := b.orders[c.OrderID]
	if t == nil {
		return engine.Decision{}, fmt.Errorf("order %s: %w", c.OrderID, order.ErrNotFound)
	}
	r, err := b.cfg.Policy.Cancel(t.now, b.now)
	if err != nil {
		return engine.Decision{}, err
	}
	if r.Changed {
		b.note(c.OrderID, c.Action)
	}
	d := b.apply(t, r, nil, order.CauseRequest)
	d.Reply = t.now
	return d, nil
}

func (b *batch) tick(tick Tick) (engine.Decision, error) {
	t := b.orders[tick.OrderID]
	if t == nil {
		return engine.Decision{}, fmt.Errorf("order %s: %w", tick.OrderID, order.ErrNotFound)
	}
	r := b.cfg.Policy.Tick(t.now, tick.Tick, b.now)
	b.touch(t) // even if nothing is due: the note of when to look again was too early
	return b.apply(t, r, nil, order.CauseClock), nil
}

func (b *batch) hear(in *engine.Input, e events.Event) (engine.Decision, error) {
	t := b.orders[e.Order()]
	if t == nil {
		return engine.Decision{}, engine.Never(fmt.Errorf("%s of order %s: %w: the order was never placed here", e.EventName(), e.Order(), order.ErrImpossible))
	}
	r, err := b.saga.Hear(t.now, e, b.now, b.cfg.Policy)
	if errors.Is(err, order.ErrImpossible) {
		return engine.Decision{}, engine.Never(err)
	}
	if err != nil {
		return engine.Decision{}, err
	}
	return b.apply(t, r, in.Event, ""), nil
}

// apply takes over a result. Heard is the event that the order was told of, if
// it was one. News goes into the history, what is repeated is there already.
func (b *batch) apply(t *tracked, r order.Result, heard *event.Event, cause string) engine.Decision {
	t.now = r.Order
	if heard != nil {
		cause = heard.ID
	}
	if r.Changed {
		b.touch(t)
	}
	if r.Changed && heard != nil {
		// What no event led to, somebody asked another service for.
		t.added = append(t.added, entry{event: heard, at: b.now, cause: cmp.Or(heard.CausationID, order.CauseRequest)})
	}
	out := speak(r)
	for i := len(r.Repeats); i < len(out); i++ {
		t.added = append(t.added, entry{event: &out[i], at: b.now, cause: cause})
	}
	return engine.Decision{Events: out}
}

// speak turns what the order repeats and says into events.
func speak(r order.Result) []event.Event {
	out := make([]event.Event, 0, len(r.Repeats)+len(r.Says))
	for _, e := range slices.Concat(r.Repeats, r.Says) {
		out = append(out, event.Event{
			Name:          e.EventName(),
			Subject:       e.Order(),
			Payload:       e,
			Time:          toldAt(r.Order, e),
			Lane:          r.Order.Lane,
			CorrelationID: r.Order.CorrelationID,
			TraceParent:   r.Order.TraceParent,
		})
	}
	return out
}

// toldAt is when an event happened. The time of an end that is told again is that
// of the last progress since; what counts for readers is its id.
func toldAt(o order.Order, e events.Event) time.Time {
	if e.EventName() == events.NameOrderCreated {
		return o.CreatedAt
	}
	return o.UpdatedAt
}

func (b *batch) touch(t *tracked) {
	if !t.touched {
		t.touched = true
		b.changed = append(b.changed, t)
	}
}

// Committed passes on what changed.
func (b *batch) Committed() {
	if b.cfg.Committed == nil {
		return
	}
	for _, o := range b.found {
		b.cfg.Committed(order.Order{}, o)
	}
	for _, t := range b.changed {
		b.cfg.Committed(t.loaded, t.now)
	}
}
