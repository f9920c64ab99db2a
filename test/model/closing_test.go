package model

import "fmt"

// maxRounds is how many redrives an order may need at the most: each can bring
// every participant one answer further.
const maxRounds = 4

// fate is all that the end of an order depends on once nothing is under way.
type fate struct {
	rows    local
	product uint8
}

// closing tells of which fates an order closes, and remembers what it told.
type closing struct {
	w    *world
	told map[fate]string
}

func newClosing(w *world) *closing { return &closing{w: w, told: make(map[fate]string)} }

// fails reports what keeps an order from closing if everything crashes now and
// all messages are lost, whether the gateway captures from then on or declines.
func (c *closing) fails(s state) string {
	for _, story := range s.stories[:c.w.customers] {
		f := fate{story.local, s.product}
		what, known := c.told[f]
		for choice := 0; choice < 2 && !known && what == ""; choice++ {
			what = c.w.redrive(f, choice)
		}
		c.told[f] = what
		if what != "" {
			return what
		}
	}
	return ""
}

// redrive lets nothing go wrong any more: the order is announced, all that
// follows happens once, and so on until it is closed.
func (w *world) redrive(f fate, choice int) string {
	for range maxRounds {
		for pending := tokens(0).with(w.client(redriveIsDue)) | w.operator(remindsOfCredit); pending != 0; {
			n := pending.first()
			moves := w.moves(n, f.rows, f.product)
			m := moves[min(choice, len(moves)-1)]
			if m.fault != "" {
				return m.fault
			}
			f = fate{m.rows, m.product}
			pending = pending.without(n) | m.adds
		}
		if w.orders.values[f.rows.order].Closed() && w.settledCredit(f.rows) {
			return ""
		}
	}
	o, r, p := w.orders.values[f.rows.order], w.reservations.values[f.rows.reservation], w.payments.values[f.rows.payment]
	return fmt.Sprintf("G1: never closes: order %s, reservation %q, payment %q, credited %d of which %d were heard of", o.Status, r.State, p.State, p.CreditedMinor, o.CreditedMinor())
}
