package model

import (
	"errors"
	"slices"
	"time"

	"orderly/payment"
)

// The things that the operator and the clock do to a payment.
const (
	asksCredit      = "credit"
	remindsOfCredit = "reminder"
)

const creditID = "01946f5e-0000-8000-8000-0000000000c1"

// purse is a payment with its credits that have ended.
type purse struct {
	payment.Payment
	Ended []payment.Credit
}

// after is the purse once a result is saved.
func (p purse) after(r payment.Result) purse {
	next := purse{Payment: undated(r.Payment), Ended: p.Ended}
	c := r.Credit
	ended := func(e payment.Credit) bool { return e.ID == c.ID }
	if c.ID != "" && c.State != payment.CreditPending && !slices.ContainsFunc(p.Ended, ended) {
		next.Ended = append(slices.Clip(p.Ended), payment.Credit{ID: c.ID, OrderID: c.OrderID, AmountMinor: c.AmountMinor, Currency: c.Currency, State: c.State})
	}
	return next
}

// undated leaves out of a payment when things happened. Its credit is always
// due.
func undated(p payment.Payment) payment.Payment {
	p.UpdatedAt = time.Time{}
	p.Credit.DueAt = time.Time{}
	return p
}

// gaveBack reports whether a sum can be what credits gave back: with the one
// that is under way, or without.
func (p purse) gaveBack(minor int64) bool {
	return minor == p.CreditedMinor || minor == p.CreditedMinor+p.Credit.AmountMinor
}

// operator gives the tokens of what is done to payments in this world.
func (w *world) operator(names ...string) tokens {
	var out tokens
	if w.credit == 0 {
		return out
	}
	for _, name := range names {
		out = out.with(w.tokens.number(token{Kind: paymentIsTold, Name: name}))
	}
	return out
}

func (w *world) tellPayment(t token, p purse) (payment.Result, error) {
	known := p.Ended
	if p.Credit.ID != "" {
		known = append(slices.Clip(known), p.Credit)
	}
	if len(known) > 0 || t.Name == remindsOfCredit {
		return again(p.Payment, known), nil
	}
	r, err := w.machines.ask(p.Payment, payment.AskCredit{ID: creditID, OrderID: orderID, AmountMinor: w.credit, Currency: currency, Why: "broken", By: "ann"})
	if errors.Is(err, payment.ErrNothingCaptured) || errors.Is(err, payment.ErrTooMuch) {
		err = nil
	}
	return r, err
}

// again reminds of all credits at once.
func again(p payment.Payment, known []payment.Credit) payment.Result {
	all := payment.Result{Payment: p}
	for _, c := range known {
		c.DueAt = noon
		r := p.Remind(c, noon)
		all.Says = append(all.Says, r.Says...)
		if r.Call != nil {
			all.Call = r.Call
		}
	}
	return all
}

// settledCredit reports whether every credit has ended, and the order has heard
// of all that was given.
func (w *world) settledCredit(l local) bool {
	p := w.payments.values[l.payment]
	return p.Credit.ID == "" && w.orders.values[l.order].CreditedMinor() == p.CreditedMinor
}
