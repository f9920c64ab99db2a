package order

import (
	"errors"
	"fmt"
	"time"

	"orderly/events"
)

// ErrTooLate answers a cancellation of an order that is confirmed.
var ErrTooLate = errors.New("too late to cancel")

// Cancel asks for the end of an order on the customer's behalf. Action is zero,
// or that of the operator who does so.
type Cancel struct {
	OrderID string
	Action  Action
}

// Cancel ends an open order, whose Request the store has loaded; what is
// reserved or charged comes back through the saga. An order that is cancelled
// already stays as it is, a confirmed one gives ErrTooLate.
func (p Policy) Cancel(o Order, now time.Time) (Result, error) {
	switch o.Status {
	case Confirmed:
		return Result{Order: o}, fmt.Errorf("order %s is confirmed: %w", o.ID, ErrTooLate)
	case Cancelled:
		return Result{Order: o}, nil
	}
	return p.cancel(o, events.ReasonCustomer, now), nil
}
