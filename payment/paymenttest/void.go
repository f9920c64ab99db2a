package paymenttest

import (
	"errors"
	"testing"

	"orderly/payment"
)

func testVoidBeforeCharge(t *testing.T, g payment.Gateway) {
	r := newCharge(goodCard)
	first := mustVoid(t, g, voidOf(r), payment.ChargeVoided)
	if first.OrderID != r.OrderID {
		t.Errorf("voided charge is of order %q, want %q", first.OrderID, r.OrderID)
	}
	if again := mustVoid(t, g, voidOf(r), payment.ChargeVoided); again != first {
		t.Errorf("repeated void answered %+v, want %+v", again, first)
	}
	if late := mustCharge(t, g, r, payment.ChargeVoided); late != first {
		t.Errorf("charge after void answered %+v, want %+v", late, first)
	}
	if found := mustFind(t, g, r.OrderID); found.Status != payment.ChargeVoided {
		t.Errorf("charge of the order is %s, want it voided", found.Status)
	}
	if _, err := g.Refund(t.Context(), refundOf(first, 1)); !payment.Refused(err) {
		t.Errorf("refund of a voided charge: error is %v, want a refusal", err)
	}
	other := r
	other.OrderID = newCharge(goodCard).OrderID
	if c, err := g.Charge(t.Context(), other); !errors.Is(err, payment.ErrKeyReused) {
		t.Errorf("charge of another order under a voided key: answer is %+v, error %v, want ErrKeyReused", c, err)
	}
}

func testVoidAfterCharge(t *testing.T, g payment.Gateway) {
	r := newCharge(goodCard)
	captured := mustCharge(t, g, r, payment.ChargeCaptured)
	if c := mustVoid(t, g, voidOf(r), payment.ChargeCaptured); c != captured {
		t.Errorf("void answered %+v, want the captured charge %+v", c, captured)
	}
	if c := mustCharge(t, g, r, payment.ChargeCaptured); c != captured {
		t.Errorf("charge answered %+v after void, want %+v", c, captured)
	}
}

func testVoidRacesCharge(t *testing.T, g payment.Gateway) {
	r := newCharge(goodCard)
	charges, errs := atOnce(func(i int) (payment.Charge, error) {
		if i%2 == 0 {
			return g.Void(t.Context(), voidOf(r))
		}
		return g.Charge(t.Context(), r)
	})
	want := mustFind(t, g, r.OrderID)
	for i := range charges {
		if errs[i] == nil && charges[i] != want {
			t.Errorf("call %d answered %+v, want what the ledger says: %+v", i, charges[i], want)
		}
	}
}
