package model

import (
	"fmt"

	"orderly/inventory"
	"orderly/order"
)

// broken names the promise that does not hold in a state, or gives "".
func (w *world) broken(s state) string {
	for _, story := range s.stories[:w.customers] {
		if what := w.wrongCharge(story.local); what != "" {
			return "G2: " + what
		}
		if what := w.wrongEnd(story.local); what != "" {
			return "G3: " + what
		}
	}
	if what := w.wrongStock(s); what != "" {
		return "G3: " + what
	}
	return ""
}

func (w *world) wrongCharge(l local) string {
	o, a, p := w.orders.values[l.order], w.accounts.values[l.account], w.payments.values[l.payment]
	switch {
	case a.Captures > 1:
		return fmt.Sprintf("captured %d times", a.Captures)
	case a.Refunded > a.Captured:
		return fmt.Sprintf("captured %d and refunded %d", a.Captured, a.Refunded)
	case o.Status == order.Confirmed && (a.Captured != o.TotalMinor || !p.gaveBack(a.Refunded)):
		return fmt.Sprintf("confirmed for %d, captured %d, refunded %d", o.TotalMinor, a.Captured, a.Refunded)
	case o.CreditedMinor() > p.CreditedMinor:
		return fmt.Sprintf("credited %d, the order heard of %d", p.CreditedMinor, o.CreditedMinor())
	case o.Closed() && o.Status == order.Cancelled && a.Captured != a.Refunded:
		return fmt.Sprintf("cancelled and closed, captured %d, refunded %d", a.Captured, a.Refunded)
	}
	return ""
}

func (w *world) wrongEnd(l local) string {
	o, r := w.orders.values[l.order], w.reservations.values[l.reservation]
	switch {
	case r.State == inventory.Committed && o.Status != order.Confirmed:
		return fmt.Sprintf("sold to an order that is %s", o.Status)
	case !o.Closed():
		return ""
	case o.Status == order.Confirmed && (r.State != inventory.Committed || r.TotalMinor != o.TotalMinor):
		return fmt.Sprintf("confirmed and closed for %d, its reservation is %q for %d", o.TotalMinor, r.State, r.TotalMinor)
	case o.Status == order.Cancelled && r.State == inventory.Reserved:
		return "cancelled and closed, its reservation is held for ever"
	}
	return ""
}

func (w *world) wrongStock(s state) string {
	p := w.products.values[s.product]
	var received, held, sold int64
	if s.delivered {
		received = 1
	}
	for _, story := range s.stories[:w.customers] {
		switch r := w.reservations.values[story.reservation]; r.State {
		case inventory.Reserved:
			held += r.Lines[0].Quantity
		case inventory.Committed:
			sold += r.Lines[0].Quantity
		}
	}
	switch {
	case p.OnHand != p.Available+p.Reserved || p.OnHand < 0 || p.Available < 0 || p.Reserved < 0:
		return fmt.Sprintf("on hand %d, available %d, reserved %d", p.OnHand, p.Available, p.Reserved)
	case p.Reserved != held || p.Sold != sold:
		return fmt.Sprintf("%d reserved for orders that hold %d, %d sold to orders that got %d", p.Reserved, held, p.Sold, sold)
	case p.OnHand+p.Sold != received:
		return fmt.Sprintf("%d received, %d on hand, %d sold", received, p.OnHand, p.Sold)
	}
	return ""
}
