package paymenttest

import (
	"testing"

	"github.com/google/uuid"

	"orderly/payment"
)

const (
	goodCard     = "pm_card_visa"
	declinedCard = "pm_card_visa_chargeDeclined"
	total        = 4999
)

// TestGateway tests what payment relies on, each promise in a subtest with a gateway of its own from open.
// open may return the same gateway again; it must be without faults.
func TestGateway(t *testing.T, open func(t *testing.T) payment.Gateway) {
	for _, promise := range []struct {
		name string
		test func(*testing.T, payment.Gateway)
	}{
		{"charge captures the amount", testCharge},
		{"charge repeated has one effect", testChargeRepeated},
		{"charges at once have one effect", testChargesAtOnce},
		{"decline is final", testDecline},
		{"charge key is not reused", testChargeKeyReused},
		{"charge refuses bad requests", testBadCharge},
		{"void before charge", testVoidBeforeCharge},
		{"void after charge", testVoidAfterCharge},
		{"void races charge", testVoidRacesCharge},
		{"refund gives back", testRefund},
		{"refunds at once have one effect", testRefundsAtOnce},
		{"refund stays within the charge", testRefundBounds},
		{"refunds at once stay within the charge", testRefundBoundsAtOnce},
		{"refund key is not reused", testRefundKeyReused},
		{"find by order", testFindByOrder},
		{"find prefers what was captured", testFindCaptured},
		{"keys are remembered", testKeyRetention},
		{"answers are those that were asked for", testCalls},
		{"a context that ended leaves the outcome unknown", testContext},
	} {
		t.Run(promise.name, func(t *testing.T) {
			t.Parallel()
			promise.test(t, open(t))
		})
	}
}

// newCharge is a request that nothing else in any run shares an order or a key with.
func newCharge(method string) payment.ChargeRequest {
	order := uuid.NewString()
	return payment.ChargeRequest{Key: order, OrderID: order, Method: method, Currency: "EUR", AmountMinor: total}
}

func refundOf(c payment.Charge, amountMinor int64) payment.RefundRequest {
	return payment.RefundRequest{
		Key: c.OrderID + ":refund", OrderID: c.OrderID, ChargeID: c.ID, Currency: c.Currency, AmountMinor: amountMinor,
	}
}

func voidOf(r payment.ChargeRequest) payment.VoidRequest {
	return payment.VoidRequest{Key: r.Key, OrderID: r.OrderID}
}

func mustCharge(t *testing.T, g payment.Gateway, r payment.ChargeRequest, want payment.ChargeStatus) payment.Charge {
	t.Helper()
	c, err := g.Charge(t.Context(), r)
	if err != nil {
		t.Fatalf("charge: %v", err)
	}
	if c.Status != want {
		t.Fatalf("charge is %s, want %s", c.Status, want)
	}
	return c
}

func mustVoid(t *testing.T, g payment.Gateway, r payment.VoidRequest, want payment.ChargeStatus) payment.Charge {
	t.Helper()
	c, err := g.Void(t.Context(), r)
	if err != nil {
		t.Fatalf("void: %v", err)
	}
	if c.Status != want {
		t.Fatalf("charge is %s after void, want %s", c.Status, want)
	}
	return c
}

func mustRefund(t *testing.T, g payment.Gateway, r payment.RefundRequest) payment.Refund {
	t.Helper()
	refund, err := g.Refund(t.Context(), r)
	if err != nil {
		t.Fatalf("refund: %v", err)
	}
	return refund
}

func mustFind(t *testing.T, g payment.Gateway, orderID string) payment.Charge {
	t.Helper()
	c, found, err := g.FindByOrder(t.Context(), orderID)
	if err != nil {
		t.Fatalf("find by order: %v", err)
	}
	if !found {
		t.Fatalf("no charge found for order %s", orderID)
	}
	return c
}
