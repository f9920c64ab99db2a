package verify

import (
	"fmt"

	"orderly/order"
)

// stockRules compare what is held and sold for an order with how it ended.
func stockRules() []rule {
	return []rule{
		{NoOversell, "unknown_order", stockUnknownOrder},
		{NoOversell, "sold_not_confirmed", soldNotConfirmed},
		{NoOversell, "confirmed_not_sold", confirmedNotSold},
		{NoOversell, "cancelled_holds_stock", cancelledHoldsStock},
		{NoOversell, "lines_total", linesTotal},
		{NoOversell, "lines_missing", linesMissing},
	}
}

func stockUnknownOrder(c *chain) string {
	if c.order != nil || c.reservation == nil {
		return ""
	}
	return fmt.Sprintf("a reservation that is %s is for an order that does not exist", c.reservation.State)
}

// soldNotConfirmed holds at every moment: inventory sells what it heard to be
// confirmed, and the order was read after it.
func soldNotConfirmed(c *chain) string {
	if c.order == nil || !c.reservationIs("committed") || c.ended(order.Confirmed) {
		return ""
	}
	return fmt.Sprintf("its stock is sold, the order is %s", c.order.Status)
}

func confirmedNotSold(c *chain) string {
	if !c.settledAs(order.Confirmed) {
		return ""
	}
	o, r := c.order, c.reservation
	switch {
	case !c.reservationIs("committed"):
		return fmt.Sprintf("it is confirmed, its reservation is %s", stateOr(r != nil, func() string { return r.State }))
	case r.TotalMinor != o.TotalMinor || r.Currency != o.Currency:
		return fmt.Sprintf("its total is %s, what was sold costs %s", money(o.TotalMinor, o.Currency), money(r.TotalMinor, r.Currency))
	}
	return ""
}

func cancelledHoldsStock(c *chain) string {
	if !c.settledAs(order.Cancelled) || !c.reservationIs("reserved", "committed") {
		return ""
	}
	return fmt.Sprintf("it is cancelled and closed, its reservation is %s", c.reservation.State)
}

func linesTotal(c *chain) string {
	if !c.reservationIs("reserved", "committed", "released") {
		return ""
	}
	var sum int64
	for _, l := range c.reservation.Lines {
		sum += l.Quantity * l.UnitPriceMinor
	}
	if sum == c.reservation.TotalMinor {
		return ""
	}
	return fmt.Sprintf("the lines of its reservation cost %d, its total is %s", sum, money(c.reservation.TotalMinor, c.reservation.Currency))
}

// linesMissing: what costs nothing has lines all the same.
func linesMissing(c *chain) string {
	if !c.reservationIs("reserved", "committed", "released") || len(c.reservation.Lines) > 0 {
		return ""
	}
	return fmt.Sprintf("its reservation is %s, its lines are missing", c.reservation.State)
}
