package model

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"orderly/inventory"
	"orderly/order"
	"orderly/payment"
)

// unsaved is the fault of a decider whose Changed does not tell what to save.
const unsaved = "G5: the decider does not say truly whether the row changed"

// moves gives all that a token may do to an order: one move, or two if the
// gateway has a choice.
func (w *world) moves(n uint8, rows local, product uint8) []move {
	q := question{token: n, rows: rows, product: product}
	t := w.tokens.values[n]
	q.forgetOthers(t.Kind)
	answers, ok := w.moved[q]
	if !ok {
		answers = w.ask(t, q)
		w.moved[q] = answers
	}
	out := slices.Clone(answers)
	for i := range out {
		out[i].restoreOthers(t.Kind, rows, product)
	}
	return out
}

// forgetOthers clears the rows that a token of this kind does not read.
func (q *question) forgetOthers(k kind) {
	r := q.rows
	switch k {
	case orderHears, clientDoes:
		q.rows, q.product = local{order: r.order}, 0
	case inventoryHears:
		q.rows = local{reservation: r.reservation}
	case paymentHears, paymentSettles, paymentIsTold:
		q.rows, q.product = local{payment: r.payment}, 0
	case gatewayIsAsked:
		q.rows, q.product = local{account: r.account}, 0
	}
}

// restoreOthers fills in the rows that a token of this kind does not write.
func (m *move) restoreOthers(k kind, rows local, product uint8) {
	written := m.rows
	m.rows = rows
	switch k {
	case orderHears, clientDoes:
		m.rows.order, m.product = written.order, product
	case inventoryHears:
		m.rows.reservation = written.reservation
	case paymentHears, paymentSettles, paymentIsTold:
		m.rows.payment, m.product = written.payment, product
	case gatewayIsAsked:
		m.rows.account, m.product = written.account, product
	}
}

func (w *world) ask(t token, q question) []move {
	switch t.Kind {
	case orderHears, clientDoes:
		return []move{w.askOrder(t, q.rows.order)}
	case inventoryHears:
		return []move{w.askInventory(t, q.rows.reservation, q.product)}
	case paymentHears:
		r, err := w.payment(w.payments.values[q.rows.payment].Payment, t.Event)
		return []move{w.paid(q.rows.payment, r, err)}
	case paymentSettles:
		r, err := w.settle(w.payments.values[q.rows.payment].Payment, t.Outcome)
		return []move{w.paid(q.rows.payment, r, err)}
	case paymentIsTold:
		r, err := w.tellPayment(t, w.payments.values[q.rows.payment])
		return []move{w.paid(q.rows.payment, r, err)}
	}
	captures, declines := w.askGateway(t, q.rows.account, false), w.askGateway(t, q.rows.account, true)
	if captures == declines {
		return []move{captures}
	}
	return []move{captures, declines}
}

func (w *world) askOrder(t token, before uint8) move {
	o := w.orders.values[before]
	r, err := w.tell(t, o)
	if err != nil {
		return move{fault: fault(err)}
	}
	if o.Ended() && r.Order.Status != o.Status {
		return move{fault: fmt.Sprintf("G1: the order was %s and is %s", o.Status, r.Order.Status)}
	}
	says, broken := w.send(slices.Concat(r.Repeats, r.Says))
	after := w.orders.number(timeless(r.Order))
	if r.Changed == (after == before) {
		return move{fault: unsaved}
	}
	return move{rows: local{order: after}, adds: says, fault: broken}
}

func (w *world) tell(t token, o order.Order) (order.Result, error) {
	policy := order.DefaultPolicy()
	switch t.Name {
	case cancels:
		r, err := policy.Cancel(o, noon)
		if errors.Is(err, order.ErrTooLate) {
			err = nil
		}
		return r, err
	case deadline:
		if o.Ended() {
			return order.Result{Order: o}, nil
		}
		return policy.Tick(o, order.Tick{}, o.Deadline), nil
	case redriveIsDue:
		return w.tick(o), nil
	}
	return w.order(o, t.Event)
}

func (w *world) askInventory(t token, before, product uint8) move {
	p := w.products.values[product]
	stock := func(id string) (inventory.Product, bool) { return p, id == p.ID }
	r, err := w.inventory(w.reservations.values[before], t.Event, stock)
	if err != nil {
		return move{fault: fault(err)}
	}
	for _, changed := range r.Products {
		p = changed
	}
	p.UpdatedAt, r.Reservation.UpdatedAt = noon, time.Time{}
	says, broken := w.send(r.Says)
	m := move{product: w.products.number(p), adds: says, fault: broken}
	m.rows.reservation = w.reservations.number(r.Reservation)
	if same := m.rows.reservation == before; r.Changed == same || same && m.product != product {
		m.fault = unsaved
	}
	return m
}

func (w *world) paid(before uint8, r payment.Result, err error) move {
	if err != nil {
		return move{fault: fault(err)}
	}
	says, broken := w.send(r.Says)
	if r.Call != nil {
		says = says.with(w.tokens.number(call(r.Call.Payment)))
	}
	after := w.payments.number(w.payments.values[before].after(r))
	if r.Changed == (after == before) {
		return move{fault: unsaved}
	}
	return move{rows: local{payment: after}, adds: says, fault: broken}
}

func call(p payment.Payment) token {
	name := string(p.State)
	if p.Credit.ID != "" {
		name += " and credits"
	}
	return token{Kind: gatewayIsAsked, Name: name, Payment: undated(p)}
}

// askGateway makes a call, or the half of it that ends with a look-up.
func (w *world) askGateway(t token, n uint8, declines bool) move {
	b := &bank{account: w.accounts.values[n], declines: declines, before: t.LookUp}
	outcome, err := w.call(payment.Call{Payment: t.Payment}, b)
	m := move{rows: local{account: w.accounts.number(b.account)}}
	switch {
	case errors.Is(err, errHalfDone):
		t.LookUp = b.looked
		m.adds = m.adds.with(w.tokens.number(t))
	case err != nil:
		m.fault = fault(err)
	default:
		m.adds = m.adds.with(w.tokens.number(token{Kind: paymentSettles, Name: string(outcome.Kind), Outcome: outcome}))
	}
	return m
}

func fault(err error) string {
	if errors.Is(err, order.ErrImpossible) || errors.Is(err, inventory.ErrImpossible) || errors.Is(err, payment.ErrImpossible) {
		return "reached the impossible: " + err.Error()
	}
	return "refused: " + err.Error()
}
