package inventory

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

// Stock looks a product up among those that the store has loaded.
type Stock func(productID string) (Product, bool)

// Result is what became of a reservation and its products when inventory was
// told something.
type Result struct {
	Reservation Reservation
	Products    []Product // those that changed, as they are now
	Says        []events.Event
	Changed     bool // the reservation changed; an answer given again is no change
}

// Row is one line of the saga's table: a reservation that Is in one of these
// states and Hears this event. Without a Then the event is impossible there.
type Row struct {
	Is    []State
	Hears string
	then  func(*turn) error
}

// Saga is the table that drives reservations.
type Saga []Row

// NewSaga returns the table. What no row matches is answered with nothing.
func NewSaga() Saga {
	return Saga{
		{Is: []State{None}, Hears: events.NameOrderCreated, then: reserve},
		{Is: []State{Reserved, Committed}, Hears: events.NameOrderCreated, then: sayReserved},
		{Is: []State{Rejected}, Hears: events.NameOrderCreated, then: sayRejected},
		{Is: []State{None, Rejected}, Hears: events.NameOrderCancelled, then: bury},
		{Is: []State{Reserved}, Hears: events.NameOrderCancelled, then: release},
		{Is: []State{Released, Dead}, Hears: events.NameOrderCancelled, then: sayReleased},
		{Is: []State{Committed}, Hears: events.NameOrderCancelled},
		{Is: []State{Reserved}, Hears: events.NameOrderConfirmed, then: commit},
		{Is: []State{Committed}, Hears: events.NameOrderConfirmed, then: sayCommitted},
		{Is: []State{None, Rejected, Released, Dead}, Hears: events.NameOrderConfirmed},
	}
}

// turn is one event on its way through the table.
type turn struct {
	Result
	event events.Event
	stock Stock
	now   time.Time
}

// Hear tells the reservation of an order of an event. R is the zero value with
// the order's id if nothing was heard of the order before. Neither r nor what
// stock returns is changed. Hearing the same event again gives the same answer.
func (s Saga) Hear(r Reservation, e events.Event, stock Stock, now time.Time) (Result, error) {
	unchanged := Result{Reservation: r}
	for _, row := range s {
		if row.Hears != e.EventName() || !slices.Contains(row.Is, r.State) {
			continue
		}
		if row.then == nil {
			return unchanged, fmt.Errorf("reservation of order %s is %q and heard %s: %w", r.OrderID, r.State, e.EventName(), ErrImpossible)
		}
		t := &turn{Result: unchanged, event: e, stock: stock, now: now}
		if err := row.then(t); err != nil {
			return unchanged, fmt.Errorf("reservation of order %s is %q and heard %s: %w", r.OrderID, r.State, e.EventName(), err)
		}
		return t.Result, nil
	}
	return unchanged, nil
}

func (t *turn) become(s State) {
	t.Reservation.State = s
	t.Reservation.UpdatedAt = t.now
	t.Changed = true
}

func (t *turn) say(e events.Event) { t.Says = append(t.Says, e) }

// reserve takes all items of the order at today's prices, or none.
func reserve(t *turn) error {
	created, ok := t.event.(events.OrderCreatedV2)
	if !ok {
		return fmt.Errorf("%w: payload of type %T", ErrImpossible, t.event)
	}
	t.Reservation.Currency = created.Currency
	lines, products, no := pick(created, t.stock)
	if no.reason != "" {
		t.Reservation.Reason, t.Reservation.ProductID = no.reason, no.productID
		t.become(Rejected)
		t.say(t.Reservation.rejected())
		return nil
	}
	t.Reservation.Lines = lines
	for _, l := range lines {
		t.Reservation.TotalMinor += l.Quantity * l.UnitPriceMinor
	}
	for i := range products {
		products[i].UpdatedAt = t.now
	}
	t.Products = products
	t.become(Reserved)
	t.say(t.Reservation.reserved(created.PaymentMethod))
	return nil
}

func sayReserved(t *turn) error {
	created, ok := t.event.(events.OrderCreatedV2)
	if !ok {
		return fmt.Errorf("%w: payload of type %T", ErrImpossible, t.event)
	}
	t.say(t.Reservation.reserved(created.PaymentMethod))
	return nil
}

func sayRejected(t *turn) error {
	t.say(t.Reservation.rejected())
	return nil
}

func sayReleased(t *turn) error {
	t.say(t.Reservation.released())
	return nil
}

func sayCommitted(t *turn) error {
	t.say(t.Reservation.committed())
	return nil
}

// bury keeps a late orders.created from reserving for an order that is over.
func bury(t *turn) error {
	t.become(Dead)
	return sayReleased(t)
}

func release(t *turn) error {
	err := t.moveLines(func(p *Product, units int64) {
		p.Reserved -= units
		p.Available += units
	})
	if err != nil {
		return err
	}
	t.become(Released)
	return sayReleased(t)
}

func commit(t *turn) error {
	err := t.moveLines(func(p *Product, units int64) {
		p.Reserved -= units
		p.OnHand -= units
		p.Sold += units
	})
	if err != nil {
		return err
	}
	t.become(Committed)
	return sayCommitted(t)
}

// moveLines applies move to each product of the reservation.
func (t *turn) moveLines(move func(*Product, int64)) error {
	shelf := newShelf(t.stock)
	for _, l := range t.Reservation.Lines {
		p, ok := shelf.get(l.ProductID)
		if !ok || p.Reserved < l.Quantity {
			return fmt.Errorf("%w: %d of product %s should be reserved, the product has %d", ErrImpossible, l.Quantity, l.ProductID, p.Reserved)
		}
		move(p, l.Quantity)
		p.UpdatedAt = t.now
	}
	t.Products = shelf.changed()
	return nil
}
