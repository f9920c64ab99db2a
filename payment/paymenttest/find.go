package paymenttest

import (
	"testing"

	"orderly/payment"
)

func testFindByOrder(t *testing.T, g payment.Gateway) {
	r := newCharge(goodCard)
	if c, found, err := g.FindByOrder(t.Context(), r.OrderID); err != nil || found {
		t.Fatalf("before any charge: answer is %+v, found %v, error %v, want nothing", c, found, err)
	}
	want := mustCharge(t, g, r, payment.ChargeCaptured)
	mustCharge(t, g, newCharge(goodCard), payment.ChargeCaptured)
	if got := mustFind(t, g, r.OrderID); got != want {
		t.Errorf("charge of the order is %+v, want %+v", got, want)
	}
}

func testFindCaptured(t *testing.T, g payment.Gateway) {
	attempt := func(order, suffix, method string) payment.ChargeRequest {
		r := newCharge(method)
		r.OrderID, r.Key = order, order+suffix
		return r
	}
	order := newCharge(goodCard).OrderID
	mustCharge(t, g, attempt(order, ":1", declinedCard), payment.ChargeDeclined)
	captured := mustCharge(t, g, attempt(order, ":2", goodCard), payment.ChargeCaptured)
	mustCharge(t, g, attempt(order, ":3", declinedCard), payment.ChargeDeclined)
	mustCharge(t, g, attempt(order, ":4", goodCard), payment.ChargeCaptured)
	if got := mustFind(t, g, order); got != captured {
		t.Errorf("charge of the order is %+v, want the first captured: %+v", got, captured)
	}
}

func testKeyRetention(t *testing.T, g payment.Gateway) {
	if d := g.KeyRetention(); d <= 0 {
		t.Errorf("key retention is %v, want it positive", d)
	}
}
