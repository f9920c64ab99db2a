package sqlstore_test

import (
	"fmt"
	"testing"

	"orderly/pkg/sqldb"
)

// fillShop makes many products, and a reservation of one of them for each of
// many orders.
func fillShop(t testing.TB, d database, db *sqldb.DB) {
	t.Helper()
	fill(t, d, db, "products", "SELECT 'product ' || i, 'name', 'EUR', 5, 10, 8, 2, 0, 0 FROM series")
	fill(t, d, db, "reservations", fmt.Sprintf("SELECT %s, 'reserved', 'EUR', 10, '', '', 0 FROM series", idOfI(d)))
	fill(t, d, db, "reservation_lines", fmt.Sprintf(`SELECT %s, '[{"product_id":"product ' || i || '","quantity":2,"unit_price_minor":5}]' FROM series`, idOfI(d)))
	fill(t, d, db, "adjustments", "SELECT 'product ' || i || '/k', 'product', 1, 'r', 'hash', 1, 1, 0 FROM series")
}

// A batch and a page cost the same however many products and orders there are.
func TestPlans_use_indexes(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		service := d.open(t)
		db, spy := spied(t, d)
		r := serve(t, db)
		const first = 2 * many
		batch := spy.during(func() {
			r.do(t, put("MUG", 500), adjust("MUG", 9, "k"))
			r.do(t, created(first, "MUG"), created(first+1, "MUG"), created(first+2, "CUP"))
			r.do(t, confirmed(first, 1000), cancelled(first+1), cancelled(first+3))
		})
		wantPlans(t, d, service, "batch on empty tables", batch)
		fillShop(t, d, service)
		wantPlans(t, d, service, "batch", batch)
		wantPlans(t, d, service, "reads", spy.during(func() {
			counts(t, r, "product 7")
			for _, after := range []string{"", "product 25"} {
				page, err := store(r).Products(t.Context(), after, 50)
				if err != nil || len(page) != 50 {
					t.Fatalf("got %d products after %q, %v; want a page", len(page), after, err)
				}
			}
		}))
		a := r.tell(t, cancelled(7))
		want(t, "one of many", a.says(), "[inventory.released]")
		want(t, "its product", counts(t, r, "product 7"), "10 10 0 0")
	})
}
