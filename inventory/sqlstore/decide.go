package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"orderly/events"
	"orderly/inventory"
	"orderly/pkg/engine"
	"orderly/pkg/event"
)

// batch is what one transaction loaded and changed.
type batch struct {
	*Store
	now          time.Time
	reservations map[string]*tracked
	products     map[string]*shelved
	adjustments  map[string]adjustment
}

// tracked is a reservation in the batch.
type tracked struct {
	now      inventory.Reservation
	stored   bool
	reserved bool // in this batch: its lines are new
	changed  bool
}

// shelved is a product in the batch.
type shelved struct {
	now     inventory.Product
	stored  bool
	changed bool
}

type adjustment struct {
	command inventory.Adjust
	answer  inventory.Adjusted
	isNew   bool
}

func newBatch(s *Store) *batch {
	return &batch{
		Store:        s,
		reservations: make(map[string]*tracked),
		products:     make(map[string]*shelved),
		adjustments:  make(map[string]adjustment),
	}
}

// Decide tells a reservation, or a product, what the input has to say.
func (b *batch) Decide(_ context.Context, now time.Time, in *engine.Input) (engine.Decision, error) {
	b.now = now
	switch body := in.Body.(type) {
	case inventory.Put:
		return b.put(body)
	case inventory.Adjust:
		return b.adjust(body)
	case events.Event:
		return b.hear(body)
	}
	return engine.Decision{}, engine.Never(fmt.Errorf("inventory cannot be told a %T", in.Body))
}

func (b *batch) put(c inventory.Put) (engine.Decision, error) {
	p := b.products[c.ID]
	if p == nil {
		p = &shelved{}
		b.products[c.ID] = p
	}
	p.now, p.changed = c.Apply(p.now, b.now), true
	return engine.Decision{Reply: p.now}, nil
}

func (b *batch) adjust(c inventory.Adjust) (engine.Decision, error) {
	id := adjustmentID(c)
	if a, again := b.adjustments[id]; again {
		if a.command.RequestHash != c.RequestHash {
			return engine.Decision{}, fmt.Errorf("key %q: %w", c.IdempotencyKey, inventory.ErrKeyReused)
		}
		a.answer.Replayed = true
		return engine.Decision{Reply: a.answer}, nil
	}
	p := b.products[c.ProductID]
	if p == nil {
		return engine.Decision{}, fmt.Errorf("product %s: %w", c.ProductID, inventory.ErrUnknownProduct)
	}
	next, err := c.Apply(p.now, b.now)
	if err != nil {
		return engine.Decision{}, err
	}
	p.now, p.changed = next, true
	answer := inventory.Adjusted{ProductID: c.ProductID, OnHand: next.OnHand, Available: next.Available}
	b.adjustments[id] = adjustment{command: c, answer: answer, isNew: true}
	return engine.Decision{Reply: answer}, nil
}

func (b *batch) hear(e events.Event) (engine.Decision, error) {
	t := b.reservations[e.Order()]
	if t == nil {
		t = &tracked{now: inventory.Reservation{OrderID: e.Order()}}
	}
	r, err := b.saga.Hear(t.now, e, b.stock, b.now)
	if errors.Is(err, inventory.ErrImpossible) {
		return engine.Decision{}, engine.Never(err)
	}
	if err != nil {
		return engine.Decision{}, err
	}
	if r.Changed {
		t.changed = true
		t.reserved = t.reserved || r.Reservation.State == inventory.Reserved
		b.reservations[e.Order()] = t
	}
	t.now = r.Reservation
	for _, p := range r.Products {
		b.products[p.ID].now, b.products[p.ID].changed = p, true
	}
	says := make([]event.Event, len(r.Says))
	for i, said := range r.Says {
		says[i] = event.Event{Name: said.EventName(), Subject: said.Order(), Payload: said, Time: t.now.UpdatedAt}
	}
	return engine.Decision{Events: says}, nil
}

func (b *batch) stock(id string) (inventory.Product, bool) {
	if p := b.products[id]; p != nil {
		return p.now, true
	}
	return inventory.Product{}, false
}

// Committed does nothing: nobody waits for a reservation.
func (b *batch) Committed() {}
