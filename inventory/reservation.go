package inventory

import (
	"time"

	"orderly/events"
)

// State is where a reservation stands.
type State string

// The states. None is the zero value: nothing was heard of the order yet.
const (
	None      State = ""
	Reserved  State = "reserved"
	Rejected  State = "rejected"
	Released  State = "released"  // was reserved, the stock is back
	Dead      State = "dead"      // cancelled before anything was reserved
	Committed State = "committed" // sold
)

// Reservation is what inventory holds, or held, or refused to hold, for one
// order.
type Reservation struct {
	OrderID    string
	State      State
	Currency   string
	TotalMinor int64
	Lines      []events.PricedItem // of what was reserved, priced at that moment
	Reason     string              // of a rejection
	ProductID  string              // the first product that caused it
	UpdatedAt  time.Time
}

func (r Reservation) reserved(paymentMethod string) events.Event {
	return events.InventoryReserved{
		OrderID:       r.OrderID,
		Currency:      r.Currency,
		TotalMinor:    r.TotalMinor,
		PaymentMethod: paymentMethod,
		Items:         r.Lines,
	}
}

func (r Reservation) rejected() events.Event {
	return events.InventoryRejected{OrderID: r.OrderID, Reason: r.Reason, ProductID: r.ProductID}
}

func (r Reservation) released() events.Event  { return events.InventoryReleased{OrderID: r.OrderID} }
func (r Reservation) committed() events.Event { return events.InventoryCommitted{OrderID: r.OrderID} }
