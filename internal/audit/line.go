package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Line is one line of a feed: exactly one of its fields is set.
type Line struct {
	Head        *Head        `json:"head,omitempty"`
	Order       *Order       `json:"order,omitempty"`
	Key         *Key         `json:"key,omitempty"`
	Open        *Open        `json:"open,omitempty"`
	Reservation *Reservation `json:"reservation,omitempty"`
	Product     *Product     `json:"product,omitempty"`
	Payment     *Payment     `json:"payment,omitempty"`
	Charge      *Charge      `json:"charge,omitempty"`
	Stream      *Stream      `json:"stream,omitempty"`
	Event       *Event       `json:"event,omitempty"`
	Stray       *Stray       `json:"stray,omitempty"`
	End         *End         `json:"end,omitempty"`
}

// OrderID is the order that a record of the feeds in order of their orders is
// about, "" for every other line.
func (l Line) OrderID() string {
	switch {
	case l.Order != nil:
		return l.Order.ID
	case l.Reservation != nil:
		return l.Reservation.OrderID
	case l.Payment != nil:
		return l.Payment.OrderID
	case l.Charge != nil:
		return l.Charge.OrderID
	}
	return ""
}

// Head opens a feed. Everything after it was read from one snapshot, which was
// taken before the head was sent.
type Head struct {
	At time.Time `json:"at"` // by the clock that the records' times are of
}

// End closes a feed that is complete.
type End struct {
	Records int    `json:"records"`          // between head and end
	Failed  string `json:"failed,omitempty"` // set if the feed ends here because it could not be read on
}

// Order is an order as it is stored, with its history and where it is listed.
type Order struct {
	ID             string    `json:"id"`
	CustomerID     string    `json:"customer_id"`
	Currency       string    `json:"currency"`
	Status         string    `json:"status"`
	Reason         string    `json:"reason,omitempty"`
	TotalMinor     int64     `json:"total_minor"`
	Priced         bool      `json:"priced"`
	StockSettled   bool      `json:"stock_settled"`
	PaymentSettled bool      `json:"payment_settled"`
	CreatedAt      time.Time `json:"created_at"`
	UpdatedAt      time.Time `json:"updated_at"`
	Deadline       time.Time `json:"deadline"`
	CreditedMinor  int64     `json:"credited_minor,omitempty"` // given back by hand

	Entries int     `json:"entries"` // how many the order says its history has
	History []Entry `json:"history"`

	ListedOpen      bool `json:"listed_open"`      // among the open orders
	ListedConfirmed bool `json:"listed_confirmed"` // among the ended ones, as confirmed
	ListedCancelled bool `json:"listed_cancelled"`
}

// Entry is one event in an order's history. Data is kept as text because its
// exact bytes count.
type Entry struct {
	N       int       `json:"n"` // from 1 on
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Version int       `json:"version"`
	At      time.Time `json:"at"`
	Cause   string    `json:"cause"`
	Data    string    `json:"data"`
}

// Key is an idempotency key and the order it stands for.
type Key struct {
	ID         string `json:"id"` // customer and key
	OrderID    string `json:"order_id"`
	Known      bool   `json:"known"`       // whether there is such an order
	CustomerID string `json:"customer_id"` // of that order
}

// Open is an order that is listed as not closed.
type Open struct {
	OrderID string `json:"order_id"`
}

// Reservation is inventory's record of one order.
type Reservation struct {
	OrderID    string    `json:"order_id"`
	State      string    `json:"state"`
	Currency   string    `json:"currency,omitempty"`
	TotalMinor int64     `json:"total_minor"`
	UpdatedAt  time.Time `json:"updated_at"`
	Lines      []Units   `json:"lines,omitempty"` // also of what was given back
}

// Units are some of one product, at the price of one.
type Units struct {
	ProductID      string `json:"product_id"`
	Quantity       int64  `json:"quantity"`
	UnitPriceMinor int64  `json:"unit_price_minor"`
}

// Product is a product's stock. Adjusted is the sum of all adjustments.
type Product struct {
	ID        string `json:"id"`
	OnHand    int64  `json:"on_hand"`
	Available int64  `json:"available"`
	Reserved  int64  `json:"reserved"`
	Sold      int64  `json:"sold"`
	Adjusted  int64  `json:"adjusted"`
}

// Payment is payment's record of one order.
type Payment struct {
	OrderID     string    `json:"order_id"`
	State       string    `json:"state"`
	Currency    string    `json:"currency,omitempty"`
	AmountMinor int64     `json:"amount_minor"`
	ChargeID    string    `json:"charge_id,omitempty"`
	UpdatedAt   time.Time `json:"updated_at"`

	CreditedMinor  int64 `json:"credited_minor,omitempty"`  // given back by hand
	CreditingMinor int64 `json:"crediting_minor,omitempty"` // the same, and nobody knows yet whether
}

// Charge is one charge in the books of the gateway; an order may have several.
type Charge struct {
	OrderID       string `json:"order_id"`
	ID            string `json:"id"`
	Status        string `json:"status"`
	Currency      string `json:"currency,omitempty"`
	AmountMinor   int64  `json:"amount_minor"`
	RefundedMinor int64  `json:"refunded_minor"`
}

// Stream says how far back a stream goes. It comes before the stream's events.
type Stream struct {
	Name   string `json:"name"`
	Domain string `json:"domain"` // what its events' names begin with, as "orders"
	// Since is the time from which on it holds all that was published. Zero
	// means that it holds nothing.
	Since time.Time `json:"since,omitzero"`
}

// Event is one event in a stream, each time it was told. One that could not be
// read has no Name.
type Event struct {
	Stream   string `json:"stream"`
	Sequence uint64 `json:"sequence"`
	ID       string `json:"id,omitempty"`
	Name     string `json:"name,omitempty"`
	Identity string `json:"identity,omitempty"` // what its id derives from beside the order; the name if empty
	Version  int    `json:"version,omitempty"`
	OrderID  string `json:"order_id,omitempty"`
	Sum      uint64 `json:"sum,string,omitempty"` // of its data: see [Sum]
}

// Stray is a row that belongs to something that is not there.
type Stray struct {
	Table string `json:"table"`
	Of    string `json:"of"` // the id of what is not there: an order or a product
}

// Sum tells the contents of events apart without carrying them along.
func Sum(data []byte) uint64 {
	sum := sha256.Sum256(data)
	return binary.BigEndian.Uint64(sum[:])
}
