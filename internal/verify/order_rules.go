package verify

import (
	"fmt"
	"slices"

	"orderly/events"
	"orderly/order"
)

// orderRules are about the order service's own records, which are of one
// snapshot: they hold of every order at every moment.
func orderRules() []rule {
	return []rule{
		{NothingLost, "unknown_status", unknownStatus},
		{NothingLost, "two_ends", twoEnds},
		{NothingLost, "overdue", overdue},
		{NothingLost, "not_closed", notClosed},
		{NothingLost, "open_list", openList},
		{NothingLost, "ended_list", endedList},
		{Idempotent, "event_twice", eventTwice},
	}
}

func unknownStatus(c *chain) string {
	if c.order == nil || slices.Contains(order.Statuses(), order.Status(c.order.Status)) {
		return ""
	}
	return fmt.Sprintf("its status is %q", c.order.Status)
}

func twoEnds(c *chain) string {
	if c.order == nil {
		return ""
	}
	var ends []string
	for _, e := range c.order.History {
		if e.Name == events.NameOrderConfirmed || e.Name == events.NameOrderCancelled {
			ends = append(ends, e.Name)
		}
	}
	if len(ends) < 2 {
		return ""
	}
	return fmt.Sprintf("its history has %d ends: %v", len(ends), ends)
}

func overdue(c *chain) string {
	if !c.overdue {
		return ""
	}
	return fmt.Sprintf("it is still %s, its deadline was %s", c.order.Status, c.order.Deadline.Format(timeFormat))
}

func notClosed(c *chain) string {
	if !c.waitedFor || c.order == nil || stored(c.order).Closed() {
		return ""
	}
	return fmt.Sprintf("it is %s and was waited for, its last progress was %s", c.order.Status, c.order.UpdatedAt.Format(timeFormat))
}

// openList checks the list by which redrive finds an order.
func openList(c *chain) string {
	switch {
	case c.order == nil || c.order.ListedOpen != stored(c.order).Closed():
		return ""
	case c.order.ListedOpen:
		return "it is closed, yet listed as open"
	}
	return fmt.Sprintf("it is %s and not closed, yet not listed as open: nothing drives it on", c.order.Status)
}

func endedList(c *chain) string {
	if c.order == nil {
		return ""
	}
	o := c.order
	for _, end := range []struct {
		status order.Status
		listed bool
	}{{order.Confirmed, o.ListedConfirmed}, {order.Cancelled, o.ListedCancelled}} {
		if is := c.ended(end.status); is != end.listed {
			return fmt.Sprintf("it is %s; listed as %s: %t", o.Status, end.status, end.listed)
		}
	}
	return ""
}

func eventTwice(c *chain) string {
	if c.order == nil {
		return ""
	}
	seen := make(map[string]int, len(c.order.History))
	for _, e := range c.order.History {
		if first := seen[e.ID]; first > 0 {
			return fmt.Sprintf("event %s (%s) is in its history twice, as entry %d and %d", e.ID, e.Name, first, e.N)
		}
		seen[e.ID] = e.N
	}
	return ""
}

const timeFormat = "2006-01-02 15:04:05.000000Z07:00"
