package order

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"orderly/events"
)

// ErrImpossible marks an event that no correct participant can have sent. It
// is never applied: it belongs in the dead letters, and somebody must look.
var ErrImpossible = errors.New("impossible")

// Result is what became of an order when it was told something.
type Result struct {
	Order   Order
	Repeats []events.Event // told before, or should have been: no news, to be told before what it Says
	Says    []events.Event // news
	Changed bool           // the order made progress; what it repeats is none
}

// Row is one line of the saga's table: an order that Is in one of these
// statuses and Hears this event moves on. A row without a then changes nothing
// and only says again what was said before. What no row matches is answered
// with nothing.
type Row struct {
	Is    []Status
	Hears string
	when  func(Order, events.Event) bool
	then  func(*Order, events.Event) error
	says  func(Order) events.Event
}

// Saga is the table that drives an order.
type Saga []Row

// NewSaga returns the table. Each row is needed: the model test takes them
// away one at a time and must find an order that never closes or money lost.
func NewSaga() Saga {
	open := []Status{Pending, Reserved}
	return Saga{
		{Is: []Status{Pending}, Hears: events.NameInventoryReserved, then: reserve},
		{Is: []Status{Pending}, Hears: events.NameInventoryRejected, then: reject, says: Order.ended},
		{Is: []Status{Cancelled}, Hears: events.NameInventoryRejected, when: closed, says: Order.ended},
		{Is: open, Hears: events.NamePaymentCaptured, then: confirm, says: Order.ended},
		{Is: open, Hears: events.NamePaymentFailed, then: fail, says: Order.ended},
		{Is: []Status{Confirmed}, Hears: events.NameInventoryReserved, when: unpriced, then: price},
		{Is: []Status{Confirmed}, Hears: events.NameInventoryCommitted, when: stockOpen, then: settleStock},
		{Is: []Status{Cancelled}, Hears: events.NameInventoryReleased, when: stockOpen, then: settleStock},
		{Is: []Status{Cancelled}, Hears: events.NamePaymentRefunded, when: paymentOpen, then: settlePayment},
		{Is: Statuses(), Hears: events.NamePaymentCredited, when: newCredit, then: credit},
	}
}

// Hear tells the order of an event and returns what becomes of it. The order
// passed in is not changed. Hearing the same event again is harmless. An event
// that contradicts what the order knows gives ErrImpossible.
func (s Saga) Hear(o Order, e events.Event, now time.Time, p Policy) (Result, error) {
	for _, row := range s {
		if row.Hears != e.EventName() || !slices.Contains(row.Is, o.Status) {
			continue
		}
		if row.when != nil && !row.when(o, e) {
			continue
		}
		if row.then == nil {
			return Result{Order: o, Repeats: []events.Event{row.says(o)}}, nil
		}
		next := o
		if err := row.then(&next, e); err != nil {
			return Result{Order: o}, fmt.Errorf("order %s is %s and heard %s: %w", o.ID, o.Status, e.EventName(), err)
		}
		return p.progress(next, now, row.says), nil
	}
	return Result{Order: o}, nil
}

func closed(o Order, _ events.Event) bool      { return o.Closed() }
func unpriced(o Order, _ events.Event) bool    { return !o.Priced }
func stockOpen(o Order, _ events.Event) bool   { return !o.StockSettled }
func paymentOpen(o Order, _ events.Event) bool { return !o.PaymentSettled }

func reserve(o *Order, e events.Event) error {
	if err := price(o, e); err != nil {
		return err
	}
	o.Status = Reserved
	return nil
}

func price(o *Order, e events.Event) error {
	reserved, ok := e.(events.InventoryReserved)
	if !ok {
		return wrongPayload(e)
	}
	if err := o.agreeTotal(reserved.TotalMinor, reserved.Currency); err != nil {
		return err
	}
	o.TotalMinor, o.Priced = reserved.TotalMinor, true
	return nil
}

// reject ends an order of which nothing is held and nothing was charged, so
// that it is closed at once. Redrive leaves a closed order alone: should the
// process die before it has said so, the rejection comes again, and the table
// has a row that answers it.
func reject(o *Order, e events.Event) error {
	rejected, ok := e.(events.InventoryRejected)
	if !ok {
		return wrongPayload(e)
	}
	o.Status, o.Reason = Cancelled, rejected.Reason
	o.StockSettled, o.PaymentSettled = true, true
	return nil
}

func confirm(o *Order, e events.Event) error {
	captured, ok := e.(events.PaymentCaptured)
	if !ok {
		return wrongPayload(e)
	}
	if err := o.agreeTotal(captured.AmountMinor, captured.Currency); err != nil {
		return err
	}
	o.Status, o.TotalMinor = Confirmed, captured.AmountMinor
	return nil
}

func fail(o *Order, _ events.Event) error {
	o.Status, o.Reason = Cancelled, events.ReasonPaymentDeclined
	o.PaymentSettled = true
	return nil
}

func settleStock(o *Order, _ events.Event) error {
	o.StockSettled = true
	return nil
}

func settlePayment(o *Order, _ events.Event) error {
	o.PaymentSettled = true
	return nil
}

func (o Order) agreeTotal(minor int64, currency string) error {
	if currency != o.Currency {
		return fmt.Errorf("%w: the amount is in %s, the order in %s", ErrImpossible, currency, o.Currency)
	}
	if o.HasTotal() && minor != o.TotalMinor {
		return fmt.Errorf("%w: the amount is %d, the order's total %d (minor units of %s)", ErrImpossible, minor, o.TotalMinor, currency)
	}
	return nil
}

func wrongPayload(e events.Event) error {
	return fmt.Errorf("%w: payload of type %T", ErrImpossible, e)
}
