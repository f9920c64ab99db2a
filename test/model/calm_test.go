package model

// day is a world in which everything happens exactly once, in any order.
type day struct {
	delivered bool // the unit is on the shelf when the order is placed
	cancelled bool // the customer cancels at some moment
	credited  bool // an operator gives something back at some moment
}

func calms() []day {
	return []day{{}, {cancelled: true}, {delivered: true}, {delivered: true, cancelled: true},
		{delivered: true, credited: true}, {delivered: true, cancelled: true, credited: true}}
}

// calm walks through all ways that such a day can go, and reports an order
// that waits for a redrive in the end.
func (w *world) calm(d day) (*violation, int) {
	x := w.walk(func(s state) string {
		if s.stories[0].pending == 0 && !w.orders.values[s.stories[0].order].Closed() {
			return "G1: waits for a redrive though nothing went wrong"
		}
		if s.stories[0].pending == 0 && !w.settledCredit(s.stories[0].local) {
			return "G1: a credit waits for a reminder though nothing went wrong"
		}
		return w.broken(s)
	})
	s := w.start()
	if d.delivered {
		s = w.deliver(s)
	}
	if d.cancelled {
		s.stories[0].pending = s.stories[0].pending.with(w.client(cancels))
	}
	if d.credited {
		s.stories[0].pending |= w.operator(asksCredit)
	}
	x.reach(s, 0, label("the order is placed"))
	for at := 0; at < len(x.states) && x.found == nil; at++ {
		x.happen(at, 0, x.states[at].stories[0].pending, use)
	}
	return x.found, len(x.states)
}
