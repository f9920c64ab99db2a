package verify

import (
	"fmt"
	"slices"

	"orderly/events"
	"orderly/internal/audit"
	"orderly/order"
)

// eventRules compare what the streams tell with what is stored. The streams
// were read first, and an event is published after the commit that it tells
// of: what they tell must be stored, at every moment.
func eventRules() []rule {
	return []rule{
		{InAgreement, "unknown_order", eventUnknownOrder},
		{InAgreement, "event_contradicts_order", contradictsOrder},
		{InAgreement, "event_contradicts_reservation", contradictsReservation},
		{InAgreement, "event_contradicts_payment", contradictsPayment},
		{InAgreement, "other_contents", otherContents},
		{InAgreement, "end_not_told", endNotTold},
	}
}

func eventUnknownOrder(c *chain) string {
	if c.order != nil || len(c.trace.told) == 0 {
		return ""
	}
	return fmt.Sprintf("the streams tell %v of an order that does not exist", c.trace.events())
}

func contradictsOrder(c *chain) string {
	if c.order == nil {
		return ""
	}
	return contradiction(c.trace, map[string][]string{
		events.NameOrderConfirmed: {string(order.Confirmed)},
		events.NameOrderCancelled: {string(order.Cancelled)},
	}, c.order.Status)
}

func contradictsReservation(c *chain) string {
	if c.order == nil {
		return ""
	}
	return contradiction(c.trace, map[string][]string{
		events.NameInventoryReserved:  {"reserved", "committed", "released"},
		events.NameInventoryRejected:  {"rejected", "dead"},
		events.NameInventoryReleased:  {"released", "dead"},
		events.NameInventoryCommitted: {"committed"},
	}, stateOr(c.reservation != nil, func() string { return c.reservation.State }))
}

func contradictsPayment(c *chain) string {
	if c.order == nil {
		return ""
	}
	return contradiction(c.trace, map[string][]string{
		events.NamePaymentCaptured: {"captured", "refunding", "refunded"},
		events.NamePaymentCredited: {"captured", "refunding", "refunded"},
		events.NamePaymentFailed:   {"failed"},
		events.NamePaymentRefunded: {"refunded", "failed", "dead"},
	}, stateOr(c.payment != nil, func() string { return c.payment.State }))
}

// contradiction finds an event after which a record cannot be in this state.
func contradiction(t trace, after map[string][]string, state string) string {
	for _, event := range t.events() {
		if states, about := after[event]; about && !slices.Contains(states, state) {
			return fmt.Sprintf("the streams tell %s, the record is %s", event, state)
		}
	}
	return ""
}

// otherContents compares the history's events with the streams' byte by byte.
func otherContents(c *chain) string {
	if c.order == nil {
		return ""
	}
	for _, e := range c.order.History {
		sums := c.trace.sums(e.Name, e.Version)
		if len(sums) > 0 && !slices.Contains(sums, audit.Sum([]byte(e.Data))) {
			return fmt.Sprintf("%s in its history is not what the streams tell under that name", e.Name)
		}
	}
	return ""
}

// endNotTold: who hears of orders from the streams alone must hear of their
// ends.
func endNotTold(c *chain) string {
	if !c.settled || !c.mustBeTold {
		return ""
	}
	end := events.NameOrderCancelled
	if c.ended(order.Confirmed) {
		end = events.NameOrderConfirmed
	}
	if c.trace.has(end) {
		return ""
	}
	return fmt.Sprintf("it is %s, and %s is not in the streams", c.order.Status, end)
}
