package model

import "orderly/payment"

// later is what a story can be when much time has passed.
type later struct{ aged, forgotten story }

// wait gives what a story can be when much time has passed.
func (w *world) wait(s story) later {
	l, known := w.waited[s]
	if !known {
		l = later{aged: w.age(s), forgotten: w.forget(s)}
		w.waited[s] = l
	}
	return l
}

// forget is an order's story when the gateway has forgotten its keys. Every
// intent is old by then, and no process is still half way through a call.
func (w *world) forget(s story) story {
	s.account = w.accounts.number(w.accounts.values[s.account].forget())
	for rest := s.pending; rest != 0; {
		n := rest.first()
		rest = rest.without(n)
		if w.tokens.values[n].LookUp != nil {
			s.pending = s.pending.without(n)
		}
	}
	return w.age(s)
}

// age is an order's story when every intent is older than the gateway promises
// to remember keys. It may remember them longer.
func (w *world) age(s story) story {
	held := w.payments.values[s.payment]
	held.Payment = old(held.Payment)
	s.payment = w.payments.number(held)
	for rest := s.pending; rest != 0; {
		n := rest.first()
		rest = rest.without(n)
		if t := w.tokens.values[n]; t.Kind == gatewayIsAsked && t.LookUp == nil {
			s.pending = s.pending.without(n).with(w.tokens.number(call(old(t.Payment))))
		}
	}
	return s
}

func old(p payment.Payment) payment.Payment {
	if !p.IntentAt.IsZero() {
		p.IntentAt = noon.Add(-keyRetention)
	}
	if p.Credit.ID != "" {
		p.Credit.At = noon.Add(-keyRetention)
	}
	return p
}
