package sqlstore_test

import (
	"fmt"
	"testing"
	"time"

	"orderly/order"
	"orderly/pkg/sqldb"
)

// fillOrders makes many orders of 100 customers. One of 128 is pending, one
// reserved, one cancelled; the others are confirmed. None is due.
func fillOrders(t testing.TB, d database, db *sqldb.DB) {
	t.Helper()
	at := time.Now().UnixMicro()
	status := "CASE i % 128 WHEN 0 THEN 'pending' WHEN 64 THEN 'reserved' WHEN 1 THEN 'cancelled' ELSE 'confirmed' END"
	fill(t, d, db, "orders", fmt.Sprintf(`SELECT %s, 'c-' || (i %% 100), 'EUR', 'standard', 'story', %s, '', 100,
		i %% 64 > 0, i %% 64 > 0, i %% 64 > 0, %d, %d, %d, %d, 0, 2 FROM series`, idOfI(d), status, at, at, at+1e12, at+1e12))
	fill(t, d, db, "order_events", fmt.Sprintf("SELECT %s, 1, 'e', 'orders.created', 1, %d, 'request', '{}' FROM series", idOfI(d), at))
	fill(t, d, db, "order_events", fmt.Sprintf("SELECT %s, 2, 'e', 'inventory.reserved', 1, %d, 'request', '{}' FROM series", idOfI(d), at))
	fill(t, d, db, "open_orders", fmt.Sprintf("SELECT %s, %d FROM series WHERE i %% 64 = 0", idOfI(d), at+1e12))
	fill(t, d, db, "ended_orders", fmt.Sprintf("SELECT CASE i %% 128 WHEN 1 THEN 'cancelled' ELSE 'confirmed' END, %s FROM series WHERE i %% 64 > 0", idOfI(d)))
	fill(t, d, db, "idempotency_keys", fmt.Sprintf("SELECT 'c-' || (i %% 100) || '/' || i, 'hash', %s, %d FROM series", idOfI(d), at))
}

// A page, an order and a batch cost the same however many orders there are.
func TestPlans_use_indexes(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		service := d.open(t)
		empty := batchStatements(t, d)
		wantPlans(t, d, service, "batch on empty tables", empty)
		fillOrders(t, d, service)
		wantPlans(t, d, service, "batch", empty)

		db, spy := spied(t, d)
		r := serve(t, db)
		read := func(what string, fn func() error, walks ...string) {
			t.Helper()
			var err error
			statements := spy.during(func() { err = fn() })
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			wantPlans(t, d, service, what, statements, walks...)
		}
		for f, walk := range map[order.Filter]string{
			{}:                  "orders", // from its end, up to the limit
			{CustomerID: "c-3"}: "", {CustomerID: "c-28", Status: order.Pending}: "",
			{Status: order.Pending}: "open_orders", {Status: order.Reserved}: "open_orders",
			{Status: order.Confirmed}: "", {Status: order.Cancelled}: "",
		} {
			for _, f.Before = range []string{"", id(many / 2)} {
				f.Limit = 50
				read(fmt.Sprintf("list %+v", f), func() error {
					found, err := store(r).List(t.Context(), f)
					if err == nil && len(found) != f.Limit && f.CustomerID == "" {
						err = fmt.Errorf("found %d orders", len(found))
					}
					return err
				}, walk)
			}
		}
		read("history", func() error { _, err := store(r).History(t.Context(), id(7)); return err })
		read("get", func() error { _, _ = store(r).Get(t.Context(), id(7)); return nil }) // its history cannot be read
		read("due", func() error { _, err := store(r).NewClock(nil).Due(t.Context()); return err }, "open_orders")
	})
}

// batchStatements are those that a batch of everything makes.
func batchStatements(t testing.TB, d database) []statement {
	t.Helper()
	db, spy := spied(t, d)
	r := serve(t, db)
	const first = 2 * many
	return spy.during(func() {
		r.later(-time.Minute).do(t, place(first), place(first+1), place(first+2))
		r.do(t, tick(first), reserved(first+1), rejected(first+2))
		r.do(t, captured(first+1), cancel(first))
	})
}
