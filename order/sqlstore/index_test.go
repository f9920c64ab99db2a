package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"orderly/internal/storetest"
	"orderly/order"
	"orderly/pkg/sqldb"
)

// fillOrders makes many orders of 100 customers. One of 128 is pending, one
// reserved, one cancelled; the others are confirmed. None is due.
func fillOrders(t testing.TB, d storetest.Database, db *sqldb.DB) {
	t.Helper()
	at := time.Now().UnixMicro()
	status := "CASE i % 128 WHEN 0 THEN 'pending' WHEN 64 THEN 'reserved' WHEN 1 THEN 'cancelled' ELSE 'confirmed' END"
	d.Fill(t, db, "orders", fmt.Sprintf(`SELECT %s, 'c-' || (i %% 100), 'EUR', 'standard', 'story', %s, '', 100,
		i %% 64 > 0, i %% 64 > 0, i %% 64 > 0, %d, %d, %d, %d, 0, 2, '' FROM series`, d.IDOfI(), status, at, at, at+1e12, at+1e12))
	d.Fill(t, db, "order_events", fmt.Sprintf("SELECT %s, 1, 'e', 'orders.created', 1, %d, 'request', '{}' FROM series", d.IDOfI(), at))
	d.Fill(t, db, "order_events", fmt.Sprintf("SELECT %s, 2, 'e', 'inventory.reserved', 1, %d, 'request', '{}' FROM series", d.IDOfI(), at))
	d.Fill(t, db, "open_orders", fmt.Sprintf("SELECT %s, %d FROM series WHERE i %% 64 = 0", d.IDOfI(), at+1e12))
	d.Fill(t, db, "ended_orders", fmt.Sprintf("SELECT CASE i %% 128 WHEN 1 THEN 'cancelled' ELSE 'confirmed' END, %s FROM series WHERE i %% 64 > 0", d.IDOfI()))
	d.Fill(t, db, "idempotency_keys", fmt.Sprintf("SELECT 'c-' || (i %% 100) || '/' || i, 'hash', %s, %d FROM series", d.IDOfI(), at))
}

// A page, an order and a batch cost the same however many orders there are.
func TestPlans_use_indexes(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		db := d.Open(t)
		empty := batchStatements(t, d)
		d.WantPlans(t, db, "batch on empty tables", empty)
		fillOrders(t, d, db)
		d.WantPlans(t, db, "batch", empty)

		r, spy := d.Spied(t)
		read := func(what string, fn func() error, walks ...string) {
			t.Helper()
			var err error
			statements := spy.During(func() { err = fn() })
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			d.WantPlans(t, db, what, statements, walks...)
		}
		for f, walk := range map[order.Filter]string{
			{}:                  "orders", // from its end, up to the limit
			{CustomerID: "c-3"}: "", {CustomerID: "c-28", Status: order.Pending}: "",
			{Status: order.Pending}: "open_orders", {Status: order.Reserved}: "open_orders",
			{Status: order.Confirmed}: "", {Status: order.Cancelled}: "",
		} {
			for _, f.Before = range []string{"", id(d.Many() / 2)} {
				f.Limit = 50
				read(fmt.Sprintf("list %+v", f), func() error {
					found, err := store(r).List(t.Context(), f)
					if err == nil && len(found) == 0 {
						err = errors.New("found nothing")
					}
					return err
				}, walk)
			}
		}
		read("history", func() error { _, err := store(r).History(t.Context(), id(7)); return err })
		read("get", func() error { _, _ = store(r).Get(t.Context(), id(7)); return nil }) // its history cannot be read
		read("due", func() error { _, err := store(r).NewClock(nil).Due(t.Context()); return err }, "open_orders")
		for _, after := range []string{"", id(d.Many() / 2)} {
			f := order.StuckFilter{For: time.Nanosecond, After: after, Limit: 21}
			read("stuck", func() error { _, err := store(r).Stuck(t.Context(), f); return err }, "open_orders")
		}
		makeDue(t, r, 64)
		behind := func(context.Context) (map[string]time.Duration, error) { return everywhere(time.Hour), nil }
		read("due while others lag", func() error { _, err := store(r).NewClock(behind).Due(t.Context()); return err }, "open_orders")
	})
}

// batchStatements are those that a batch of everything makes.
func batchStatements(t testing.TB, d storetest.Database) []storetest.Statement {
	t.Helper()
	r, spy := d.Spied(t)
	const first = 1_000_000
	return spy.During(func() {
		r.Later(-time.Minute).Do(t, place(first), place(first+1), place(first+2))
		r.Do(t, tick(first), reserved(first+1), rejected(first+2))
		r.Do(t, captured(first+1), cancel(first))
	})
}
