package verify

import (
	"slices"

	"orderly/internal/audit"
	"orderly/order"
)

// chain is all that is known of one order: what each service stores and what
// was told of it. What a service has no record of is nil.
type chain struct {
	id          string
	order       *audit.Order
	reservation *audit.Reservation
	payment     *audit.Payment
	charges     []*audit.Charge
	trace       trace

	settled    bool // closed before the audit began: nothing about it changes any more
	paid       bool // the payment was last touched before the audit began
	paidLong   bool // and so long before that what it said was told again if it was lost
	overdue    bool // it has not ended long after its deadline
	waitedFor  bool
	mustBeTold bool // the streams go back beyond it, so that its end must be there
}

// fault is what a rule found wrong.
type fault struct {
	promise Promise
	rule    string
	detail  string
}

// stored is the order as its own domain knows it.
func stored(o *audit.Order) order.Order {
	var credits []order.Credit
	if o.CreditedMinor != 0 {
		credits = []order.Credit{{AmountMinor: o.CreditedMinor}}
	}
	return order.Order{
		ID:             o.ID,
		CustomerID:     o.CustomerID,
		Currency:       o.Currency,
		Status:         order.Status(o.Status),
		Reason:         o.Reason,
		TotalMinor:     o.TotalMinor,
		Priced:         o.Priced,
		StockSettled:   o.StockSettled,
		PaymentSettled: o.PaymentSettled,
		CreatedAt:      o.CreatedAt,
		UpdatedAt:      o.UpdatedAt,
		Deadline:       o.Deadline,
		Credits:        credits, // their sum as one
	}
}

func (c *chain) ended(as order.Status) bool {
	return c.order != nil && c.order.Status == string(as)
}

// settledAs reports whether the order is settled and ended that way.
func (c *chain) settledAs(as order.Status) bool { return c.settled && c.ended(as) }

// reservationIs reports whether inventory's record is in one of these states,
// "" standing for none.
func (c *chain) reservationIs(states ...string) bool {
	state := ""
	if c.reservation != nil {
		state = c.reservation.State
	}
	return slices.Contains(states, state)
}

func (c *chain) paymentIs(states ...string) bool {
	state := ""
	if c.payment != nil {
		state = c.payment.State
	}
	return slices.Contains(states, state)
}

// captured returns the charges that took money.
func (c *chain) captured() []*audit.Charge {
	var taken []*audit.Charge
	for _, charge := range c.charges {
		if charge.Status == "captured" {
			taken = append(taken, charge)
		}
	}
	return taken
}
