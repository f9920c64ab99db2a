package paymenttest

import (
	"context"
	"testing"
	"time"

	"orderly/payment"
)

// testCalls makes payment's own calls, which take no answer that differs from what
// was asked for, and the look-ups of calls whose key may be forgotten.
func testCalls(t *testing.T, g payment.Gateway) {
	for method, want := range map[string]payment.OutcomeKind{goodCard: payment.OutcomeCaptured, declinedCard: payment.OutcomeDeclined} {
		r := newCharge(method)
		p := payment.Payment{OrderID: r.OrderID, State: payment.Charging, Currency: r.Currency, AmountMinor: r.AmountMinor, Method: method, IntentAt: time.Now()}
		charged := mustDo(t, g, p, want)
		dead := p
		dead.State = payment.ChargingDead
		mustDo(t, g, dead, want)
		mustDo(t, g, aged(g, p), want)
		if want != payment.OutcomeCaptured {
			continue
		}
		back := p
		back.State, back.ChargeID = payment.Refunding, charged.ChargeID
		mustDo(t, g, back, payment.OutcomeRefunded)
		mustDo(t, g, aged(g, back), payment.OutcomeRefunded)
	}
	r := newCharge(goodCard)
	mustDo(t, g, payment.Payment{OrderID: r.OrderID, State: payment.ChargingDead, Currency: r.Currency, AmountMinor: r.AmountMinor, Method: goodCard, IntentAt: time.Now()}, payment.OutcomeVoided)
}

// aged is a payment whose intent is so old that its call begins with a look-up.
func aged(g payment.Gateway, p payment.Payment) payment.Payment {
	p.IntentAt = p.IntentAt.Add(-g.KeyRetention())
	return p
}

func mustDo(t *testing.T, g payment.Gateway, p payment.Payment, want payment.OutcomeKind) payment.Outcome {
	t.Helper()
	o, err := payment.Call{Payment: p}.Do(t.Context(), g, time.Now())
	if err != nil || o.Kind != want {
		t.Fatalf("the call of a payment that is %s: outcome %+v, error %v, want it %s", p.State, o, err, want)
	}
	return o
}

// testContext: a call that its caller gave up leaves its outcome unknown, which is
// no refusal.
func testContext(t *testing.T, g payment.Gateway) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := newCharge(goodCard)
	_, charging := g.Charge(ctx, r)
	_, voiding := g.Void(ctx, voidOf(newCharge(goodCard)))
	_, refunding := g.Refund(ctx, payment.RefundRequest{Key: r.Key + ":refund", OrderID: r.OrderID, ChargeID: "ch_1", Currency: r.Currency, AmountMinor: 1})
	_, _, finding := g.FindByOrder(ctx, r.OrderID)
	for call, err := range map[string]error{"charge": charging, "void": voiding, "refund": refunding, "find": finding} {
		if err == nil || payment.Refused(err) {
			t.Errorf("%s with an ended context: error is %v, want an unknown outcome", call, err)
		}
	}
	c := mustCharge(t, g, r, payment.ChargeCaptured) // whether or not the first had its effect
	if got := mustFind(t, g, r.OrderID); got.ID != c.ID {
		t.Errorf("the order's charge is %+v, want the one that was answered: %+v", got, c)
	}
}
