package paymenttest

import (
	"errors"
	"sync"
	"testing"

	"orderly/payment"
)

// crowd is how many calls the tests of concurrency make.
const crowd = 100

func testCharge(t *testing.T, g payment.Gateway) {
	r := newCharge(goodCard)
	got := mustCharge(t, g, r, payment.ChargeCaptured)
	want := payment.Charge{
		ID: got.ID, OrderID: r.OrderID, Currency: r.Currency, AmountMinor: r.AmountMinor,
		Status: payment.ChargeCaptured,
	}
	if got != want || got.ID == "" {
		t.Errorf("charge is %+v, want %+v with an id", got, want)
	}
	if other := mustCharge(t, g, newCharge(goodCard), payment.ChargeCaptured); other.ID == got.ID {
		t.Errorf("two charges have the id %q", got.ID)
	}
}

func testChargeRepeated(t *testing.T, g payment.Gateway) {
	r := newCharge(goodCard)
	first := mustCharge(t, g, r, payment.ChargeCaptured)
	if second := mustCharge(t, g, r, payment.ChargeCaptured); second != first {
		t.Errorf("repeated charge is %+v, want the first answer %+v", second, first)
	}
}

func testChargesAtOnce(t *testing.T, g payment.Gateway) {
	r := newCharge(goodCard)
	charges, errs := atOnce(func(int) (payment.Charge, error) { return g.Charge(t.Context(), r) })
	want := mustFind(t, g, r.OrderID)
	for i := range charges {
		if errs[i] == nil && charges[i] != want {
			t.Errorf("call %d answered %+v, want %+v", i, charges[i], want)
		}
		if payment.Refused(errs[i]) {
			t.Errorf("call %d was refused: %v", i, errs[i])
		}
	}
}

func testDecline(t *testing.T, g payment.Gateway) {
	r := newCharge(declinedCard)
	first := mustCharge(t, g, r, payment.ChargeDeclined)
	if first.Code == "" {
		t.Error("declined charge has no code")
	}
	if second := mustCharge(t, g, r, payment.ChargeDeclined); second != first {
		t.Errorf("repeated charge is %+v, want the first answer %+v", second, first)
	}
	if voided := mustVoid(t, g, voidOf(r), payment.ChargeDeclined); voided != first {
		t.Errorf("void answered %+v, want the declined charge %+v", voided, first)
	}
	if _, err := g.Refund(t.Context(), refundOf(first, 1)); !payment.Refused(err) {
		t.Errorf("refund of a declined charge: error is %v, want a refusal", err)
	}
}

func testChargeKeyReused(t *testing.T, g payment.Gateway) {
	r := newCharge(goodCard)
	first := mustCharge(t, g, r, payment.ChargeCaptured)
	for name, change := range map[string]func(*payment.ChargeRequest){
		"order":    func(r *payment.ChargeRequest) { r.OrderID = newCharge(goodCard).OrderID },
		"method":   func(r *payment.ChargeRequest) { r.Method = declinedCard },
		"currency": func(r *payment.ChargeRequest) { r.Currency = "USD" },
		"amount":   func(r *payment.ChargeRequest) { r.AmountMinor++ },
	} {
		other := r
		change(&other)
		if c, err := g.Charge(t.Context(), other); !errors.Is(err, payment.ErrKeyReused) {
			t.Errorf("other %s: answer is %+v, error %v, want ErrKeyReused", name, c, err)
		}
	}
	void := voidOf(r)
	void.OrderID = newCharge(goodCard).OrderID
	if c, err := g.Void(t.Context(), void); !errors.Is(err, payment.ErrKeyReused) {
		t.Errorf("void for another order: answer is %+v, error %v, want ErrKeyReused", c, err)
	}
	if again := mustCharge(t, g, r, payment.ChargeCaptured); again != first {
		t.Errorf("charge is %+v after refusals, want %+v", again, first)
	}
}

func testBadCharge(t *testing.T, g payment.Gateway) {
	for name, spoil := range map[string]func(*payment.ChargeRequest){
		"no key":          func(r *payment.ChargeRequest) { r.Key = "" },
		"no order":        func(r *payment.ChargeRequest) { r.OrderID = "" },
		"no method":       func(r *payment.ChargeRequest) { r.Method = "" },
		"no currency":     func(r *payment.ChargeRequest) { r.Currency = "" },
		"negative amount": func(r *payment.ChargeRequest) { r.AmountMinor = -1 },
	} {
		r := newCharge(goodCard)
		spoil(&r)
		if c, err := g.Charge(t.Context(), r); !errors.Is(err, payment.ErrBadRequest) {
			t.Errorf("%s: answer is %+v, error %v, want ErrBadRequest", name, c, err)
		}
	}
}

// atOnce makes a crowd of calls that start together and returns what each answered.
func atOnce[T any](call func(i int) (T, error)) (answers []T, errs []error) {
	answers, errs = make([]T, crowd), make([]error, crowd)
	start := make(chan struct{})
	var calls sync.WaitGroup
	for i := range crowd {
		calls.Go(func() {
			<-start
			answers[i], errs[i] = call(i)
		})
	}
	close(start)
	calls.Wait()
	return answers, errs
}
