package app

import (
	"orderly/events"
	"orderly/order"
)

// endWeight stands for the lines of a reservation that ends: how many there are
// is known only once it is loaded.
const endWeight = 16

// weigh counts the lines that an input brings along or makes the service load,
// which is what it costs. It bounds a batch's bytes too, since a line has few.
func weigh(body any) int {
	switch b := body.(type) {
	case order.Place:
		return len(b.Request.Items)
	case events.OrderCreatedV2:
		return len(b.Items)
	case events.InventoryReserved:
		return len(b.Items)
	case events.OrderConfirmed, events.OrderCancelled:
		return endWeight
	}
	return 1
}
