package sqlstore_test

import (
	"fmt"
	"testing"

	"orderly/internal/storetest"
	"orderly/pkg/sqldb"
)

// fillShop makes many products, and a reservation of one of them for each of
// many orders.
func fillShop(t testing.TB, d storetest.Database, db *sqldb.DB) {
	t.Helper()
	d.Fill(t, db, "products", "SELECT 'product ' || i, 'name', 'EUR', 5, 10, 8, 2, 0, 0 FROM series")
	d.Fill(t, db, "reservations", fmt.Sprintf("SELECT %s, 'reserved', 'EUR', 10, '', '', 0 FROM series", d.IDOfI()))
	d.Fill(t, db, "reservation_lines", fmt.Sprintf(`SELECT %s, '[{"product_id":"product ' || i || '","quantity":2,"unit_price_minor":5}]' FROM series`, d.IDOfI()))
	d.Fill(t, db, "adjustments", "SELECT 'product ' || i || '/k', 'product', 1, 'r', 'hash', 1, 1, 0 FROM series")
}

// A batch and a page cost the same however many products and orders there are.
func TestPlans_use_indexes(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		db := d.Open(t)
		r, spy := d.Spied(t)
		const first = 1_000_000
		batch := spy.During(func() {
			r.Do(t, put("MUG", 500), adjust("MUG", 9, "k"))
			r.Do(t, created(first, "MUG"), created(first+1, "MUG"), created(first+2, "CUP"))
			r.Do(t, confirmed(first, 1000), cancelled(first+1), cancelled(first+3))
		})
		d.WantPlans(t, db, "batch on empty tables", batch)
		fillShop(t, d, db)
		d.WantPlans(t, db, "batch", batch)
		d.WantPlans(t, db, "reads", spy.During(func() {
			counts(t, r, "product 7")
			for _, after := range []string{"", "product 25"} {
				page, err := store(r).Products(t.Context(), after, 50)
				if err != nil || len(page) != 50 {
					t.Fatalf("got %d products after %q, %v; want a page", len(page), after, err)
				}
			}
		}))
		a := r.Tell(t, cancelled(7))
		storetest.Want(t, "one of many", a.Says(), "[inventory.released]")
		storetest.Want(t, "its product", counts(t, r, "product 7"), "10 10 0 0")
	})
}
