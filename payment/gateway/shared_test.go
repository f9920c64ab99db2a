package gateway_test

import (
	"errors"
	"testing"
	"time"

	"orderly/payment"
	"orderly/payment/gateway"
	"orderly/pkg/sqldb"
)

// Another process that shares the ledger has taken the key and not yet committed.
func TestSimulated_LosesTheRaceForAKey(t *testing.T) {
	t.Parallel()
	db := openPostgres(t)
	g := start(t, db, gateway.Settings{})
	answers := make(chan payment.Charge, 1)
	inOtherProcess(t, db, func(exec func(string, ...any)) {
		exec(`INSERT INTO gateway_charges VALUES ('o-1', 1, 'ch_other', 'o-1', 'pm_card_visa', 'EUR', 4999, 'captured', '', $1)`,
			time.Now().UnixMicro())
		blocked(t, db, func() {
			c, err := g.Charge(t.Context(), request("o-1", "pm_card_visa"))
			if err != nil {
				t.Errorf("charge: %v", err)
			}
			answers <- c
		})
	})
	if c := <-answers; c.ID != "ch_other" || c.Status != payment.ChargeCaptured {
		t.Errorf("charge answers %+v, want what the other process captured", c)
	}
	wantCounts(t, g, gateway.Counts{Captured: 1})
}

// Another process that shares the ledger gives the whole amount back and has not yet committed.
func TestSimulated_LosesTheRaceForARefund(t *testing.T) {
	t.Parallel()
	db := openPostgres(t)
	g := start(t, db, gateway.Settings{})
	c := charge(t, g, request("o-1", "pm_card_visa"))
	refusals := make(chan error, 1)
	inOtherProcess(t, db, func(exec func(string, ...any)) {
		exec(`SELECT 1 FROM gateway_charges WHERE order_id = 'o-1' FOR NO KEY UPDATE`)
		exec(`INSERT INTO gateway_refunds VALUES ('other', 1, 're_other', $1, 'o-1', 'EUR', 4999, $2)`,
			c.ID, time.Now().UnixMicro())
		blocked(t, db, func() {
			_, err := g.Refund(t.Context(), payment.RefundRequest{
				Key: "o-1:refund", OrderID: "o-1", ChargeID: c.ID, Currency: "EUR", AmountMinor: 1,
			})
			refusals <- err
		})
	})
	if err := <-refusals; !errors.Is(err, payment.ErrNotRefundable) {
		t.Errorf("refund: error is %v, want ErrNotRefundable", err)
	}
	wantCounts(t, g, gateway.Counts{Captured: 1, Refunds: 1})
}

// inOtherProcess runs fn in a transaction that is not the gateway's and commits it.
func inOtherProcess(t *testing.T, db *sqldb.DB, fn func(exec func(query string, args ...any))) {
	t.Helper()
	err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		var failed error
		fn(func(query string, args ...any) {
			tx.Exec(query, query, args...)
			failed = errors.Join(failed, tx.Send(t.Context()))
		})
		return failed
	})
	if err != nil {
		t.Fatalf("other process: %v", err)
	}
}

// blocked starts call and returns when it waits for a lock in the database, which it must.
func blocked(t *testing.T, db *sqldb.DB, call func()) {
	t.Helper()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		call()
	}()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for waiting := 0; waiting == 0; {
		select {
		case <-poll.C:
		case <-ended:
			t.Error("the call did not wait for the other process")
			return
		case <-t.Context().Done():
			return
		}
		err := db.Reader().QueryRowContext(t.Context(),
			`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
		).Scan(&waiting)
		if err != nil {
			t.Errorf("look for blocked calls: %v", err)
			return
		}
	}
}

// Processes that share the ledger behave alike, whichever was told, and go on so
// after a restart.
func TestSimulated_SharesItsSettings(t *testing.T) {
	onEngines(t, func(t *testing.T, db *sqldb.DB) {
		told, other := start(t, db, gateway.Settings{}), start(t, db, gateway.Settings{})
		charge(t, other, request("o-1", "pm_card_visa"))
		away := gateway.Settings{Outage: true, OutageUntil: time.Date(2030, 1, 2, 3, 4, 5, 6, time.UTC), KeyRetention: time.Hour}
		set(t, told, away)
		poll := time.NewTicker(20 * time.Millisecond)
		defer poll.Stop()
		for n := 2; ; n++ {
			_, err := other.Charge(t.Context(), request("o-1", "pm_card_visa"))
			if errors.Is(err, gateway.ErrUnavailable) {
				break
			}
			if err != nil || n > 500 {
				t.Fatalf("the other process does not follow: %v", err)
			}
			<-poll.C
		}
		for name, g := range map[string]*gateway.Simulated{"told": told, "other": other, "started again": start(t, db, gateway.Settings{})} {
			if got, err := g.Settings(t.Context()); err != nil || got != away {
				t.Errorf("%s: settings %+v, %v, want %+v", name, got, err, away)
			}
		}
		set(t, other, gateway.Settings{})
		if got, err := told.Settings(t.Context()); err != nil || got != (gateway.Settings{}) {
			t.Errorf("settings %+v, %v, want them set back", got, err)
		}
	})
}
