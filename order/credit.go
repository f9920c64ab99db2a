package order

import (
	"fmt"
	"slices"

	"orderly/events"
)

// Credit is a refund by hand that payment told of. The order stays what it is.
type Credit struct {
	ID          string
	AmountMinor int64
}

// CreditedMinor is how much was given back by hand.
func (o Order) CreditedMinor() int64 {
	var sum int64
	for _, c := range o.Credits {
		sum += c.AmountMinor
	}
	return sum
}

func newCredit(o Order, e events.Event) bool {
	credited, ok := e.(events.PaymentCredited)
	return !ok || !slices.ContainsFunc(o.Credits, func(c Credit) bool { return c.ID == credited.CreditID })
}

func credit(o *Order, e events.Event) error {
	credited, ok := e.(events.PaymentCredited)
	if !ok {
		return wrongPayload(e)
	}
	o.Credits = append(slices.Clip(o.Credits), Credit{ID: credited.CreditID, AmountMinor: credited.AmountMinor})
	switch sum := o.CreditedMinor(); {
	case credited.Currency != o.Currency:
		return fmt.Errorf("%w: the amount is in %s, the order in %s", ErrImpossible, credited.Currency, o.Currency)
	case o.HasTotal() && sum > o.TotalMinor:
		return fmt.Errorf("%w: given back are %d, the order's total is %d (minor units of %s)", ErrImpossible, sum, o.TotalMinor, o.Currency)
	}
	return nil
}
