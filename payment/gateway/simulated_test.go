package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"orderly/payment"
	"orderly/payment/gateway"
	"orderly/payment/paymenttest"
	"orderly/pkg/sqldb"
)

func TestSimulated_IsGateway(t *testing.T) {
	onLedgers(t, func(t *testing.T, db *sqldb.DB) {
		g := start(t, db, gateway.Settings{})
		paymenttest.TestGateway(t, func(*testing.T) payment.Gateway { return g })
	})
}

func TestSimulated_OneEffectForManyCalls(t *testing.T) {
	onLedgers(t, func(t *testing.T, db *sqldb.DB) {
		g := start(t, db, gateway.Settings{})
		var calls sync.WaitGroup
		for i := range 200 {
			calls.Go(func() {
				orderID := fmt.Sprintf("o-%d", i%10)
				c, err := g.Charge(t.Context(), request(orderID, "pm_card_visa"))
				if err != nil {
					t.Errorf("charge: %v", err)
				}
				_, err = g.Refund(t.Context(), payment.RefundRequest{
					Key: orderID + ":refund", OrderID: orderID, ChargeID: c.ID, Currency: "EUR", AmountMinor: 1,
				})
				if err != nil {
					t.Errorf("refund: %v", err)
				}
			})
		}
		calls.Wait()
		wantCounts(t, g, gateway.Counts{Captured: 10, Refunds: 10})
	})
}

func TestSimulated_KeepsItsLedger(t *testing.T) {
	onEngines(t, func(t *testing.T, db *sqldb.DB) {
		first := start(t, db, gateway.Settings{})
		captured := charge(t, first, request("o-1", "pm_card_visa"))
		voided, err := first.Void(t.Context(), payment.VoidRequest{Key: "o-2", OrderID: "o-2"})
		if err != nil {
			t.Fatal(err)
		}

		second := start(t, db, gateway.Settings{})
		if c := charge(t, second, request("o-1", "pm_card_visa")); c != captured {
			t.Errorf("after the restart, charge answers %+v, want %+v", c, captured)
		}
		if c := charge(t, second, request("o-2", "pm_card_visa")); c != voided {
			t.Errorf("after the restart, charge answers %+v, want it voided", c)
		}
		wantCounts(t, second, gateway.Counts{Captured: 1, Voided: 1})
	})
}

func TestSimulated_ForgetsKeys(t *testing.T) {
	onLedgers(t, func(t *testing.T, db *sqldb.DB) {
		g := start(t, db, gateway.Settings{})
		first := charge(t, g, request("o-1", "pm_card_visa"))
		if _, err := g.Void(t.Context(), payment.VoidRequest{Key: "o-2", OrderID: "o-2"}); err != nil {
			t.Fatal(err)
		}

		set(t, g, gateway.Settings{KeyRetention: time.Nanosecond})
		if d := g.KeyRetention(); d != time.Nanosecond {
			t.Errorf("key retention is %v, want what was set", d)
		}
		second := charge(t, g, request("o-1", "pm_card_visa"))
		if second.ID == first.ID {
			t.Errorf("charge under a forgotten key answers the old charge %q", first.ID)
		}
		if c := charge(t, g, request("o-2", "pm_card_visa")); c.Status != payment.ChargeVoided {
			t.Errorf("charge under a voided key is %s, however old the key", c.Status)
		}
		found, ok, err := g.FindByOrder(t.Context(), "o-1")
		if err != nil || !ok || found != first {
			t.Errorf("look-up found %+v, %v, %v, want the first charge", found, ok, err)
		}
		part := payment.RefundRequest{Key: "o-1:refund", OrderID: "o-1", ChargeID: first.ID, Currency: "EUR", AmountMinor: 2000}
		older, newer := refund(t, g, part), refund(t, g, part)
		if newer.ID == older.ID {
			t.Errorf("refund under a forgotten key answers the old refund %q", older.ID)
		}

		set(t, g, gateway.Settings{})
		if c := charge(t, g, request("o-1", "pm_card_visa")); c != second {
			t.Errorf("charge answers %+v, want the latest of the key: %+v", c, second)
		}
		if r := refund(t, g, part); r != newer {
			t.Errorf("refund answers %+v, want the latest of the key: %+v", r, newer)
		}
		wantCounts(t, g, gateway.Counts{Captured: 2, Voided: 1, Refunds: 2})
	})
}

func TestSimulated_RefusesWhatItCannotStore(t *testing.T) {
	onLedgers(t, func(t *testing.T, db *sqldb.DB) {
		g := start(t, db, gateway.Settings{})
		for _, text := range []string{"nul \x00", "not utf-8 \xff", strings.Repeat("x", 256)} {
			r := request("o-1", "pm_card_visa")
			r.Method = text
			if _, err := g.Charge(t.Context(), r); !errors.Is(err, payment.ErrBadRequest) {
				t.Errorf("charge with %q: error is %v, want ErrBadRequest", text, err)
			}
			if _, _, err := g.FindByOrder(t.Context(), text); !errors.Is(err, payment.ErrBadRequest) {
				t.Errorf("find %q: error is %v, want ErrBadRequest", text, err)
			}
		}
		wantCounts(t, g, gateway.Counts{})
	})
}

func TestSimulated_ReportsALostDatabase(t *testing.T) {
	onEngines(t, func(t *testing.T, db *sqldb.DB) {
		g := start(t, db, gateway.Settings{})
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := g.Charge(t.Context(), request("o-1", "pm_card_visa")); err == nil || payment.Refused(err) {
			t.Errorf("charge: error is %v, want one that leaves the outcome unknown", err)
		}
		if _, _, err := g.FindByOrder(t.Context(), "o-1"); err == nil || payment.Refused(err) {
			t.Errorf("find: error is %v, want one that leaves the outcome unknown", err)
		}
	})
}

func TestSimulated_Methods(t *testing.T) {
	t.Parallel()
	g := start(t, engines[0].open(t), gateway.Settings{})
	for method, code := range map[string]string{
		"pm_card_visa":                                     "",
		"pm_card_mastercard_prepaid":                       "",
		"pm_card_unionpay":                                 "",
		"pm_card_chargeDeclined":                           "card_declined",
		"pm_card_visa_chargeDeclined":                      "card_declined",
		"pm_card_chargeDeclinedExpiredCard":                "expired_card",
		"pm_card_chargeDeclinedIncorrectCvc":               "incorrect_cvc",
		"pm_card_chargeDeclinedProcessingError":            "processing_error",
		"pm_card_chargeDeclinedInsufficientFunds":          "insufficient_funds",
		"pm_card_visa_chargeDeclinedInsufficientFunds":     "insufficient_funds",
		"pm_card_visa_chargeDeclinedLostCard":              "lost_card",
		"pm_card_visa_chargeDeclinedStolenCard":            "stolen_card",
		"pm_card_visa_chargeDeclinedFraudulent":            "fraudulent",
		"pm_card_visa_chargeDeclinedVelocityLimitExceeded": "card_velocity_exceeded",
		"pm_card_chargeDeclinedTuesday":                    "payment_method_unknown",
		"pm_card_visa2":                                    "payment_method_unknown",
		"cash":                                             "payment_method_unknown",
	} {
		c := charge(t, g, request("o-"+method, method))
		want := payment.ChargeDeclined
		if code == "" {
			want = payment.ChargeCaptured
		}
		if c.Status != want || c.Code != code {
			t.Errorf("%s: charge is %s with code %q, want %s with %q", method, c.Status, c.Code, want, code)
		}
	}
}

func TestNew_RefusesBadSettings(t *testing.T) {
	t.Parallel()
	if _, err := gateway.New(context.Background(), nil, gateway.Settings{Decline: 2}); err == nil {
		t.Error("a gateway that declines 200 % was started")
	}
}
