package gateway_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"orderly/payment"
	"orderly/payment/gateway"
	"orderly/pkg/sqldb"
)

func TestSimulated_Ledger(t *testing.T) {
	onLedgers(t, func(t *testing.T, db *sqldb.DB) {
		g := start(t, db, gateway.Settings{})
		began := time.Now().Add(-time.Minute)
		// Bytewise, "B" comes before "a": a locale would turn them round.
		second := charge(t, g, request("a", "pm_card_visa"))
		first := charge(t, g, request("B", "pm_card_chargeDeclinedExpiredCard"))
		if _, err := g.Void(t.Context(), payment.VoidRequest{Key: "c", OrderID: "c"}); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"r1", "r2"} {
			refund(t, g, payment.RefundRequest{
				Key: key, OrderID: "a", ChargeID: second.ID, Currency: "EUR", AmountMinor: 2000,
			})
		}

		got := readLedger(t, g)
		for i, e := range got {
			if e.At.Before(began) || e.At.After(time.Now().Add(time.Minute)) || e.At.Location() != time.UTC {
				t.Errorf("entry %d was made at %v, want now in UTC", i, e.At)
			}
			got[i].At = time.Time{}
		}
		want := []gateway.Entry{
			{
				OrderID: "B", Key: "B", ChargeID: first.ID, Status: payment.ChargeDeclined, Code: "expired_card",
				Currency: "EUR", AmountMinor: 4999, Method: "pm_card_chargeDeclinedExpiredCard",
			},
			{
				OrderID: "a", Key: "a", ChargeID: second.ID, Status: payment.ChargeCaptured,
				Currency: "EUR", AmountMinor: 4999, RefundedMinor: 4000, Method: "pm_card_visa",
			},
			{OrderID: "c", Key: "c", ChargeID: got[len(got)-1].ChargeID, Status: payment.ChargeVoided},
		}
		if !slices.Equal(got, want) {
			t.Errorf("ledger is\n%+v, want\n%+v", got, want)
		}
		wantCounts(t, g, gateway.Counts{Captured: 1, Declined: 1, Voided: 1, Refunds: 2})
	})
}

func TestSimulated_OrderLedger(t *testing.T) {
	onLedgers(t, func(t *testing.T, db *sqldb.DB) {
		g := start(t, db, gateway.Settings{})
		charge(t, g, request("other", "pm_card_visa"))
		older, newer := request("o-1", "pm_card_visa"), request("o-1", "pm_card_amex")
		older.Key, newer.Key = "z", "a"
		charge(t, g, older)
		charge(t, g, newer)
		set(t, g, gateway.Settings{Outage: true})

		got, err := g.OrderLedger(t.Context(), "o-1")
		if err != nil || len(got) != 2 || got[0].Key != "z" || got[1].Key != "a" {
			t.Errorf("ledger of the order is %+v, error %v, want its two charges, the older first", got, err)
		}
		if got, err := g.OrderLedger(t.Context(), "o-2"); err != nil || len(got) != 0 {
			t.Errorf("ledger of an order without charges is %+v, error %v, want nothing", got, err)
		}
	})
}

func TestSimulated_LedgerStopsAtAnError(t *testing.T) {
	onLedgers(t, func(t *testing.T, db *sqldb.DB) {
		g := start(t, db, gateway.Settings{})
		charge(t, g, request("o-1", "pm_card_visa"))
		charge(t, g, request("o-2", "pm_card_visa"))
		stop, seen := errors.New("stop"), 0
		err := g.Ledger(t.Context(), func(gateway.Entry) error {
			seen++
			return stop
		})
		if !errors.Is(err, stop) || seen != 1 {
			t.Errorf("ledger ended with %v after %d entries, want the caller's error after one", err, seen)
		}
	})
}

// A charge made while the ledger is being read is not part of what is read, and does not wait for it.
func TestSimulated_LedgerIsOneState(t *testing.T) {
	onLedgers(t, func(t *testing.T, db *sqldb.DB) {
		g := start(t, db, gateway.Settings{})
		charge(t, g, request("o-1", "pm_card_visa"))
		seen := 0
		err := g.Ledger(t.Context(), func(gateway.Entry) error {
			seen++
			_, err := g.Charge(t.Context(), request("o-2", "pm_card_visa"))
			return err
		})
		if err != nil || seen != 1 {
			t.Errorf("ledger ended with %v after %d entries, want one entry", err, seen)
		}
		if got := readLedger(t, g); len(got) != 2 {
			t.Errorf("ledger has %d entries afterwards, want 2", len(got))
		}
	})
}

func readLedger(t *testing.T, g *gateway.Simulated) []gateway.Entry {
	t.Helper()
	var entries []gateway.Entry
	err := g.Ledger(t.Context(), func(e gateway.Entry) error {
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		t.Fatalf("read the ledger: %v", err)
	}
	return entries
}
