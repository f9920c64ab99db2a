package sqlstore_test

import (
	"testing"

	"orderly/internal/storetest"
	"orderly/inventory"
)

// Products are counted by what is free to reserve.
func TestLevels_count_products_by_what_is_left(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		levels := func() map[inventory.Level]int {
			t.Helper()
			found, err := store(r).Levels(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		storetest.Want(t, "no product", len(levels()), 0)
		r.Do(t, put("GONE", 1))
		stock(t, r, "MUG", 11)
		stock(t, r, "CUP", 10)
		stock(t, r, "JUG", 2)
		found := levels()
		storetest.Want(t, "levels", []int{found[inventory.SoldOut], found[inventory.Low], found[inventory.Enough]}, []int{1, 2, 1})
		r.Do(t, created(1, "MUG"), created(2, "JUG"))
		found = levels()
		storetest.Want(t, "with reservations", []int{found[inventory.SoldOut], found[inventory.Low], found[inventory.Enough]}, []int{2, 2, 0})
	})
}
