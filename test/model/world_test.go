package model

import (
	"orderly/events"
	"orderly/inventory"
	"orderly/order"
	"orderly/payment"
)

const (
	orderID   = "01946f5e-0000-7000-8000-000000000001"
	productID = "mug"
	currency  = "EUR"
)

// The things that the customer and the clock do.
const (
	cancels      = "cancel"
	deadline     = "deadline"
	redriveIsDue = "redrive"
)

// setting is what differs between worlds.
type setting struct {
	customers int // of one order each
	price     int64
	raised    int64  // the price may change to this one; 0: it stays
	expected  *int64 // the total that the customer was shown
	forgets   bool   // the gateway may forget its keys
	credit    int64  // so much may be given back by hand; 0: nothing
}

// world is the deciders, a setting, and what was learned of both so far.
type world struct {
	machines
	setting
	known
	moved  map[question][]move
	waited map[story]later
}

// question is a token and those rows that its answer depends on.
type question struct {
	token   uint8
	rows    local
	product uint8
}

// move is one thing that a token may do.
type move struct {
	rows    local
	product uint8
	adds    tokens
	fault   string // a promise broken on the way, or ""
}

func newWorld(m machines, s setting) *world {
	return &world{
		machines: m,
		setting:  s,
		known:    newKnown(),
		moved:    make(map[question][]move),
		waited:   make(map[story]later),
	}
}

// start is the world right after its orders were placed, with an empty shelf.
func (w *world) start() state {
	placed := order.DefaultPolicy().Place(order.Place{
		ID:         orderID,
		CustomerID: "ann",
		Currency:   currency,
		Request: order.Request{
			PaymentMethod:      "card",
			Items:              []events.ItemV2{{ProductID: productID, Quantity: 1}},
			ExpectedTotalMinor: w.expected,
		},
	}, noon)
	shelf := inventory.Put{ID: productID, Name: "Mug", Currency: currency, UnitPriceMinor: w.price}
	s := state{product: w.products.number(shelf.Apply(inventory.Product{}, noon))}
	for i := range w.customers {
		s.stories[i].local = local{
			order:       w.orders.number(timeless(placed.Order)),
			reservation: w.reservations.number(inventory.Reservation{OrderID: orderID}),
			payment:     w.payments.number(purse{Payment: payment.Payment{OrderID: orderID}}),
			account:     w.accounts.number(account{}),
		}
		s.stories[i].pending, _ = w.send(placed.Says)
	}
	return s
}

// deliver puts the only unit that there will be on the shelf.
func (w *world) deliver(s state) state {
	p := w.products.values[s.product]
	filled, err := inventory.Adjust{ProductID: p.ID, Delta: 1, Reason: "delivery"}.Apply(p, noon)
	if err != nil {
		panic(err) // one unit always fits
	}
	s.product, s.delivered = w.products.number(filled), true
	return s
}

// raise changes the price.
func (w *world) raise(s state) state {
	p := w.products.values[s.product]
	put := inventory.Put{ID: p.ID, Name: p.Name, Currency: p.Currency, UnitPriceMinor: w.raised}
	s.product = w.products.number(put.Apply(p, noon))
	return s
}

// client gives the token of something that the customer or the clock does.
func (w *world) client(name string) uint8 {
	return w.tokens.number(token{Kind: clientDoes, Name: name})
}

// readers says who hears an event.
func readers(name string) []kind {
	switch name {
	case events.NameOrderCreated, events.NameOrderConfirmed:
		return []kind{inventoryHears}
	case events.NameOrderCancelled:
		return []kind{inventoryHears, paymentHears}
	case events.NameInventoryReserved:
		return []kind{orderHears, paymentHears}
	}
	return []kind{orderHears}
}

// send gives the tokens of events, and a fault if one breaks its contract.
func (w *world) send(says []events.Event) (tokens, string) {
	var out tokens
	for _, e := range says {
		if err := e.Validate(); err != nil {
			return 0, "G7: " + e.EventName() + ": " + err.Error()
		}
		if c, ok := e.(events.OrderCancelled); ok {
			c.Reason = events.ReasonCustomer
			e = c
		}
		for _, reader := range readers(e.EventName()) {
			out = out.with(w.tokens.number(token{Kind: reader, Name: e.EventName(), Event: e}))
		}
	}
	return out, ""
}

// timeless leaves out of an order when things happened and why it ended: no
// decision depends on it, and the next redrive is always due.
func timeless(o order.Order) order.Order {
	o.UpdatedAt, o.NextRedrive, o.Redrives = noon, noon, 0
	if o.Reason != "" {
		o.Reason = events.ReasonCustomer
	}
	return o
}
