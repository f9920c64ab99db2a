package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"orderly/events"
	"orderly/payment"
	"orderly/pkg/engine"
	"orderly/pkg/event"
)

// batch is what one transaction loaded and changed.
type batch struct {
	*Store
	now      time.Time
	payments map[string]*tracked
	credits  map[string]*trackedCredit // by their ids
}

// tracked is a payment in the batch.
type tracked struct {
	now     payment.Payment
	stored  bool
	changed bool
}

// Decide tells a payment of an event or of the outcome of a call.
func (b *batch) Decide(_ context.Context, now time.Time, in *engine.Input) (engine.Decision, error) {
	b.now = now
	switch body := in.Body.(type) {
	case payment.Outcome:
		return b.apply(body.OrderID, func(p payment.Payment) (payment.Result, error) { return b.saga.Settle(p, body, b.now) })
	case payment.AskCredit:
		return b.ask(body)
	case CreditDue:
		return b.remind(body)
	case events.Event:
		return b.apply(body.Order(), func(p payment.Payment) (payment.Result, error) { return b.saga.Hear(p, body, b.now) })
	}
	return engine.Decision{}, engine.Never(fmt.Errorf("payment cannot be told a %T", in.Body))
}

func (b *batch) apply(orderID string, tell func(payment.Payment) (payment.Result, error)) (engine.Decision, error) {
	t := b.payments[orderID]
	if t == nil {
		t = &tracked{now: payment.Payment{OrderID: orderID}}
	}
	r, err := tell(t.now)
	if errors.Is(err, payment.ErrImpossible) {
		return engine.Decision{}, engine.Never(err)
	}
	if err != nil {
		return engine.Decision{}, err
	}
	t.now = r.Payment
	if r.Changed {
		t.changed = true
		b.payments[orderID] = t
	}
	if r.Credit.ID != "" {
		b.keepCredit(r.Credit)
	}
	d := engine.Decision{Events: make([]event.Event, len(r.Says))}
	for i, said := range r.Says {
		d.Events[i] = event.Event{Name: said.EventName(), Subject: said.Order(), Payload: said, Time: t.now.UpdatedAt}
		if c, ok := said.(events.PaymentCredited); ok {
			d.Events[i].ID, d.Events[i].Time = event.DeriveID(c.OrderID, events.Identity(c)), b.credits[c.CreditID].now.SettledAt
		}
	}
	if r.Call != nil {
		d.Call = b.call(*r.Call)
	}
	return d, nil
}

// call makes the gateway's side of a decision. A definite refusal of the
// provider is nothing that repeating would change, and somebody must look.
func (b *batch) call(c payment.Call) *engine.Call {
	// By the wall clock: the monotonic one stands still while a machine sleeps,
	// but the gateway goes on forgetting keys.
	now, began := b.now, time.Now().Round(0)
	return &engine.Call{Key: c.Key(), Name: "gateway " + c.Name(), Do: func(ctx context.Context) (any, error) {
		outcome, err := c.Do(ctx, b.gateway, now.Add(time.Now().Round(0).Sub(began)))
		if payment.Refused(err) || errors.Is(err, payment.ErrImpossible) {
			return nil, engine.Never(err)
		}
		if err != nil {
			return nil, err
		}
		return outcome, nil
	}}
}

// Committed does nothing: nobody waits for a payment here.
func (b *batch) Committed() {}
