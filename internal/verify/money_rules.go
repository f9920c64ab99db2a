package verify

import (
	"fmt"

	"orderly/order"
)

// moneyRules compare what was charged with what should have been.
func moneyRules() []rule {
	return []rule{
		{NoWrongCharge, "unknown_order", moneyUnknownOrder},
		{NoWrongCharge, "captured_twice", capturedTwice},
		{NoWrongCharge, "refunded_too_much", refundedTooMuch},
		{NoWrongCharge, "charged_unannounced", chargedUnannounced},
		{NoWrongCharge, "confirmed_not_paid", confirmedNotPaid},
		{NoWrongCharge, "confirmed_refunded", confirmedRefunded},
		{NoWrongCharge, "cancelled_not_refunded", cancelledNotRefunded},
		{NoWrongCharge, "payment_not_settled", paymentNotSettled},
		{NoWrongCharge, "books_disagree", booksDisagree},
		{NoWrongCharge, "credited_too_much", creditedTooMuch},
		{NoWrongCharge, "credit_not_told", creditNotTold},
	}
}

func moneyUnknownOrder(c *chain) string {
	switch {
	case c.order != nil:
		return ""
	case len(c.charges) > 0:
		return fmt.Sprintf("charge %s is for an order that does not exist", c.charges[0].ID)
	case c.payment != nil:
		return fmt.Sprintf("a payment that is %s is for an order that does not exist", c.payment.State)
	}
	return ""
}

func capturedTwice(c *chain) string {
	taken := c.captured()
	if len(taken) < 2 {
		return ""
	}
	return fmt.Sprintf("the gateway captured %d times, the first two as %s and %s", len(taken), taken[0].ID, taken[1].ID)
}

func refundedTooMuch(c *chain) string {
	for _, charge := range c.charges {
		taken := charge.AmountMinor
		if charge.Status != "captured" {
			taken = 0
		}
		if charge.RefundedMinor > taken {
			return fmt.Sprintf("charge %s took %s, %d were given back", charge.ID, money(taken, charge.Currency), charge.RefundedMinor)
		}
	}
	return ""
}

// chargedUnannounced: the intent is committed before the call is made.
func chargedUnannounced(c *chain) string {
	taken := c.captured()
	if len(taken) == 0 || !c.paymentIs("", "dead") {
		return ""
	}
	return fmt.Sprintf("the gateway captured %s as %s, payment knows of no charge", money(taken[0].AmountMinor, taken[0].Currency), taken[0].ID)
}

func confirmedNotPaid(c *chain) string {
	if !c.settledAs(order.Confirmed) {
		return ""
	}
	o, p := c.order, c.payment
	if !c.paymentIs("captured") {
		return fmt.Sprintf("it is confirmed, its payment is %s", stateOr(p != nil, func() string { return p.State }))
	}
	if p.AmountMinor != o.TotalMinor || p.Currency != o.Currency {
		return fmt.Sprintf("its total is %s, the payment %s", money(o.TotalMinor, o.Currency), money(p.AmountMinor, p.Currency))
	}
	taken := c.captured()
	switch {
	case len(taken) == 0 && o.TotalMinor > 0:
		return fmt.Sprintf("its total is %s, the gateway captured nothing", money(o.TotalMinor, o.Currency))
	case len(taken) > 0 && (taken[0].AmountMinor != o.TotalMinor || taken[0].Currency != o.Currency):
		return fmt.Sprintf("its total is %s, the gateway captured %s", money(o.TotalMinor, o.Currency), money(taken[0].AmountMinor, taken[0].Currency))
	}
	return ""
}

// confirmedRefunded: what a confirmed order gave back is what operators decided.
// The books may be ahead by the one credit whose outcome payment does not know.
func confirmedRefunded(c *chain) string {
	if !c.settledAs(order.Confirmed) || c.payment != nil && !c.paid {
		return ""
	}
	var given, pending int64
	if c.payment != nil {
		given, pending = c.payment.CreditedMinor, c.payment.CreditingMinor
	}
	for _, charge := range c.captured() {
		if back := charge.RefundedMinor; back != given && back != given+pending {
			return fmt.Sprintf("it is confirmed, and %s of charge %s were given back, by hand %d", money(back, charge.Currency), charge.ID, given)
		}
	}
	return ""
}

func creditedTooMuch(c *chain) string {
	p := c.payment
	switch {
	case p == nil || p.CreditedMinor == 0 && p.CreditingMinor == 0:
		return ""
	case !c.paymentIs("captured", "refunding", "refunded"):
		return fmt.Sprintf("its payment is %s, and %d were given back by hand", p.State, p.CreditedMinor)
	case p.CreditedMinor+p.CreditingMinor > p.AmountMinor:
		return fmt.Sprintf("its payment took %s, %d are given back by hand", money(p.AmountMinor, p.Currency), p.CreditedMinor+p.CreditingMinor)
	}
	return ""
}

// creditNotTold: the order hears of every refund by hand, or is told again.
func creditNotTold(c *chain) string {
	if c.order == nil || c.payment == nil {
		return ""
	}
	heard, given := c.order.CreditedMinor, c.payment.CreditedMinor
	if heard == given || heard < given && !c.paidLong || !c.paid {
		return ""
	}
	return fmt.Sprintf("payment gave back %s by hand, the order has heard of %d", money(given, c.payment.Currency), heard)
}

func cancelledNotRefunded(c *chain) string {
	if !c.settledAs(order.Cancelled) {
		return ""
	}
	for _, charge := range c.captured() {
		if charge.RefundedMinor < charge.AmountMinor {
			return fmt.Sprintf("it is cancelled, charge %s took %s and gave back %d", charge.ID, money(charge.AmountMinor, charge.Currency), charge.RefundedMinor)
		}
	}
	return ""
}

func paymentNotSettled(c *chain) string {
	if !c.settledAs(order.Cancelled) || c.paymentIs("", "dead", "failed", "refunded") {
		return ""
	}
	return fmt.Sprintf("it is cancelled and closed, its payment is %s", c.payment.State)
}

// booksDisagree compares payment's record with the gateway's books.
func booksDisagree(c *chain) string {
	p, taken := c.payment, c.captured()
	switch {
	case p == nil:
		return ""
	case p.State == "failed" && len(taken) > 0:
		return fmt.Sprintf("its payment failed, yet the gateway captured charge %s", taken[0].ID)
	case !c.paid || p.AmountMinor == 0 || !c.paymentIs("captured", "refunded"):
		return ""
	case len(taken) == 0:
		return fmt.Sprintf("its payment is %s, the gateway has no captured charge", p.State)
	case taken[0].ID != p.ChargeID || taken[0].AmountMinor != p.AmountMinor || taken[0].Currency != p.Currency:
		return fmt.Sprintf("its payment is charge %s of %s, the gateway has charge %s of %s",
			p.ChargeID, money(p.AmountMinor, p.Currency), taken[0].ID, money(taken[0].AmountMinor, taken[0].Currency))
	case p.State == "refunded" && taken[0].RefundedMinor != p.AmountMinor:
		return fmt.Sprintf("its payment of %s is refunded, the gateway gave back %d", money(p.AmountMinor, p.Currency), taken[0].RefundedMinor)
	}
	return ""
}

// stateOr names a state for a person.
func stateOr(known bool, state func() string) string {
	if !known {
		return "missing"
	}
	return state()
}
