package paymenttest

import (
	"errors"
	"fmt"
	"testing"

	"orderly/payment"
)

func testRefund(t *testing.T, g payment.Gateway) {
	c := mustCharge(t, g, newCharge(goodCard), payment.ChargeCaptured)
	r := refundOf(c, total)
	first := mustRefund(t, g, r)
	want := payment.Refund{
		ID: first.ID, ChargeID: c.ID, OrderID: c.OrderID, Currency: c.Currency, AmountMinor: total,
	}
	if first != want || first.ID == "" {
		t.Errorf("refund is %+v, want %+v with an id", first, want)
	}
	if again := mustRefund(t, g, r); again != first {
		t.Errorf("repeated refund is %+v, want the first answer %+v", again, first)
	}
	refunded := c
	refunded.RefundedMinor = total
	if after := mustFind(t, g, c.OrderID); after != refunded {
		t.Errorf("charge is %+v after its refund, want %+v", after, refunded)
	}
}

func testRefundsAtOnce(t *testing.T, g payment.Gateway) {
	c := mustCharge(t, g, newCharge(goodCard), payment.ChargeCaptured)
	r := refundOf(c, 1)
	refunds, errs := atOnce(func(int) (payment.Refund, error) { return g.Refund(t.Context(), r) })
	want := mustRefund(t, g, r)
	for i := range refunds {
		if errs[i] == nil && refunds[i] != want {
			t.Errorf("call %d answered %+v, want %+v", i, refunds[i], want)
		}
	}
	rest := refundOf(c, total-1)
	rest.Key += ":rest"
	mustRefund(t, g, rest)
}

func testRefundBounds(t *testing.T, g payment.Gateway) {
	c := mustCharge(t, g, newCharge(goodCard), payment.ChargeCaptured)
	refuse := func(name string, want error, change func(*payment.RefundRequest)) {
		t.Helper()
		r := refundOf(c, 1)
		r.Key += ":" + name
		change(&r)
		if got, err := g.Refund(t.Context(), r); !errors.Is(err, want) {
			t.Errorf("%s: answer is %+v, error %v, want %v", name, got, err, want)
		}
	}
	refuse("too much", payment.ErrNotRefundable, func(r *payment.RefundRequest) { r.AmountMinor = total + 1 })
	refuse("negative", payment.ErrBadRequest, func(r *payment.RefundRequest) { r.AmountMinor = -1 })
	refuse("currency", payment.ErrNotRefundable, func(r *payment.RefundRequest) { r.Currency = "USD" })
	refuse("charge", payment.ErrUnknownCharge, func(r *payment.RefundRequest) { r.ChargeID += "x" })
	refuse("order", payment.ErrUnknownCharge, func(r *payment.RefundRequest) { r.OrderID += "x" })
	refuse("no key", payment.ErrBadRequest, func(r *payment.RefundRequest) { r.Key = "" })

	mustRefund(t, g, refundOf(c, total-1))
	refuse("more than left", payment.ErrNotRefundable, func(r *payment.RefundRequest) { r.AmountMinor = 2 })
	rest := refundOf(c, 1)
	rest.Key += ":rest"
	mustRefund(t, g, rest)
	refuse("nothing left", payment.ErrNotRefundable, func(*payment.RefundRequest) {})
}

func testRefundBoundsAtOnce(t *testing.T, g payment.Gateway) {
	r := newCharge(goodCard)
	r.AmountMinor = crowd / 4
	c := mustCharge(t, g, r, payment.ChargeCaptured)
	part := func(i int) payment.RefundRequest {
		p := refundOf(c, 1)
		p.Key = fmt.Sprintf("%s:%d", p.Key, i)
		return p
	}
	atOnce(func(i int) (payment.Refund, error) { return g.Refund(t.Context(), part(i)) })

	var given int64
	for i := range crowd {
		if _, err := g.Refund(t.Context(), part(i)); err == nil {
			given++
		}
	}
	if given != r.AmountMinor {
		t.Errorf("%d of %d captured were given back", given, r.AmountMinor)
	}
}

func testRefundKeyReused(t *testing.T, g payment.Gateway) {
	c := mustCharge(t, g, newCharge(goodCard), payment.ChargeCaptured)
	other := mustCharge(t, g, newCharge(goodCard), payment.ChargeCaptured)
	r := refundOf(c, 1)
	mustRefund(t, g, r)

	changed := refundOf(c, 2)
	if got, err := g.Refund(t.Context(), changed); !errors.Is(err, payment.ErrKeyReused) {
		t.Errorf("other amount: answer is %+v, error %v, want ErrKeyReused", got, err)
	}
	changed = refundOf(other, 1)
	changed.Key = r.Key
	if got, err := g.Refund(t.Context(), changed); !errors.Is(err, payment.ErrKeyReused) {
		t.Errorf("other charge: answer is %+v, error %v, want ErrKeyReused", got, err)
	}
}
