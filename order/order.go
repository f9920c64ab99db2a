package order

import (
	"time"

	"orderly/events"
)

// Status is where an order stands, as its customer sees it.
type Status string

// The statuses. Confirmed and Cancelled are ends: an order never leaves them.
const (
	Pending   Status = "pending"
	Reserved  Status = "reserved"
	Confirmed Status = "confirmed"
	Cancelled Status = "cancelled"
)

// Statuses lists every status in the order of an order's life.
func Statuses() []Status { return []Status{Pending, Reserved, Confirmed, Cancelled} }

// Order is one order: what was asked for, and how far it has come.
type Order struct {
	ID            string
	CustomerID    string
	Currency      string
	Lane          string // the lane its events travel on
	CorrelationID string
	TraceParent   string   // W3C trace context of the request that placed it; may be empty
	Request       Request  // zero unless the store was asked to load it
	Credits       []Credit // nil unless the store was asked to load them

	Status         Status
	Reason         string // why it was cancelled; one of events.Reason…
	TotalMinor     int64  // 0 until HasTotal
	Priced         bool   // inventory's prices are known
	StockSettled   bool   // inventory said committed or released
	PaymentSettled bool   // payment said refunded or failed

	CreatedAt   time.Time
	UpdatedAt   time.Time // the last progress; a redrive is none
	Deadline    time.Time // cancelled if it has not ended by then
	NextRedrive time.Time // announced again if it has not closed by then
	Redrives    int       // announcements since the last progress
}

// Request is what the customer asked for and never changes. Stores load it
// only where orders.created has to be said again.
type Request struct {
	Country            string // where the customer is; "" = not known
	Channel            string // where the order was placed; "" = not known
	PaymentMethod      string
	Items              []events.ItemV2
	ExpectedTotalMinor *int64
	Metadata           map[string]string
}

// RequestOf is what orders.created says that the customer asked for.
func RequestOf(c events.OrderCreatedV2) Request {
	return Request{
		Country:            c.Customer.Country,
		Channel:            c.Channel,
		PaymentMethod:      c.PaymentMethod,
		Items:              c.Items,
		ExpectedTotalMinor: c.ExpectedTotalMinor,
		Metadata:           c.Metadata,
	}
}

// Ended reports whether the order has reached confirmed or cancelled.
func (o Order) Ended() bool { return o.Status == Confirmed || o.Status == Cancelled }

// HasTotal reports whether TotalMinor is known: inventory priced the order or
// payment captured it.
func (o Order) HasTotal() bool { return o.Priced || o.Status == Confirmed }

// Closed reports whether nothing more is expected from anyone: redrive leaves
// the order alone from then on.
func (o Order) Closed() bool {
	switch o.Status {
	case Confirmed:
		return o.StockSettled && o.Priced
	case Cancelled:
		return o.StockSettled && o.PaymentSettled
	}
	return false
}

// Due is when the clock has something to say to the order next; zero if never.
func (o Order) Due() time.Time {
	switch {
	case o.Closed():
		return time.Time{}
	case !o.Ended() && o.Deadline.Before(o.NextRedrive):
		return o.Deadline
	}
	return o.NextRedrive
}

// created is the order's first event, the same each time it is said.
func (o Order) created() events.Event {
	return events.OrderCreatedV2{
		OrderID:            o.ID,
		Customer:           events.CustomerV2{ID: o.CustomerID, Country: o.Request.Country},
		Channel:            o.Request.Channel,
		Currency:           o.Currency,
		PaymentMethod:      o.Request.PaymentMethod,
		Items:              o.Request.Items,
		ExpectedTotalMinor: o.Request.ExpectedTotalMinor,
		Metadata:           o.Request.Metadata,
	}
}

// ended is the event that tells of the order's end, the same each time.
func (o Order) ended() events.Event {
	if o.Status == Confirmed {
		return events.OrderConfirmed{OrderID: o.ID, Currency: o.Currency, TotalMinor: o.TotalMinor}
	}
	return events.OrderCancelled{OrderID: o.ID, Reason: o.Reason}
}
