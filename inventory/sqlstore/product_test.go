package sqlstore_test

import (
	"errors"
	"fmt"
	"testing"

	"orderly/internal/storetest"
	"orderly/inventory"
	"orderly/pkg/sqldb"
)

func TestPut_makes_and_changes_a_product(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		first := r.Tell(t, put("MUG", 500)).Reply.(inventory.Product)
		stored, err := store(r).Product(t.Context(), "MUG")
		if err != nil || stored != first {
			t.Errorf("got %+v, %v; want %+v", stored, err, first)
		}
		storetest.Want(t, "price", stored.UnitPriceMinor, 500)
		answers := r.Do(t, put("MUG", 600), adjust("MUG", 3, ""), put("MUG", 700), put("CUP", 1))
		changed := answers[2].Reply.(inventory.Product)
		storetest.Want(t, "price", changed.UnitPriceMinor, 700)
		storetest.Want(t, "mugs", counts(t, r, "MUG"), "3 3 0 0")
		storetest.Want(t, "cups", counts(t, r, "CUP"), "0 0 0 0")
		if _, err := store(r).Product(t.Context(), "mug"); !errors.Is(err, inventory.ErrUnknownProduct) {
			t.Errorf("got %v, want ErrUnknownProduct", err)
		}
	})
}

func TestProducts_pages(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		r.Do(t, put("b", 1), put("B", 1), put("a 1", 1), put("a_1", 1), put("A", 1), put("a-1", 1))
		var found []string
		after := ""
		for {
			page, err := store(r).Products(t.Context(), after, 4)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			for _, p := range page {
				found = append(found, p.ID)
				after = p.ID
			}
		}
		storetest.Want(t, "by bytes on both databases", fmt.Sprintf("%q", found), `["A" "B" "a 1" "a-1" "a_1" "b"]`)
	})
}

// G4: an adjustment with a key is applied once, and its answer is the stock as
// it was then, not as it is now.
func TestAdjust_again_with_the_same_key(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		r.Do(t, put("MUG", 500), put("CUP", 500))
		first := inventory.Adjusted{ProductID: "MUG", OnHand: 5, Available: 5}
		replayed := first
		replayed.Replayed = true
		answers := r.Do(t, adjust("MUG", 5, "k"), adjust("MUG", 1, ""), adjust("MUG", 5, "k"), adjust("MUG", 6, "k"), adjust("CUP", 7, "k"))
		storetest.Want(t, "first", answers[0].Reply, first)
		storetest.Want(t, "in the same batch", answers[2].Reply, replayed)
		storetest.WantRefused(t, answers[3], inventory.ErrKeyReused)
		storetest.Want(t, "same key, other product", answers[4].Reply, inventory.Adjusted{ProductID: "CUP", OnHand: 7, Available: 7})
		for _, r := range []storetest.Replica{r, r.Later(month), d.Replica(t)} {
			answers := r.Do(t, adjust("MUG", 5, "k"), adjust("MUG", 6, "k"))
			storetest.Want(t, "later", answers[0].Reply, replayed)
			storetest.WantRefused(t, answers[1], inventory.ErrKeyReused)
		}
		storetest.Want(t, "mugs", counts(t, r, "MUG"), "6 6 0 0")
		storetest.Want(t, "adjustments", storetest.Rows(t, r.DB, "SELECT product_id, sum(delta), count(*) FROM adjustments GROUP BY product_id ORDER BY product_id"), "[CUP 7 1 MUG 6 2]")
	})
}

func TestAdjust_refusals_leave_no_trace(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		stock(t, r, "MUG", 10)
		r.Do(t, created(1, "MUG"))
		answers := r.Do(t, adjust("MUG", -9, "k"), adjust("CUP", 1, "k"), adjust("MUG", -8, "k"), adjust("MUG", -1, "l"))
		storetest.WantRefused(t, answers[0], inventory.ErrNotEnough)
		storetest.WantRefused(t, answers[1], inventory.ErrUnknownProduct)
		storetest.Want(t, "the key is free", answers[2].Reply, inventory.Adjusted{ProductID: "MUG", OnHand: 2, Available: 0})
		storetest.WantRefused(t, answers[3], inventory.ErrNotEnough)
		storetest.Want(t, "mugs", counts(t, r, "MUG"), "2 0 2 0")
		storetest.Want(t, "adjustments", storetest.Rows(t, r.DB, "SELECT sum(delta) FROM adjustments"), "[2]")
		most := r.Do(t, adjust("MUG", inventory.MaxStock, ""))[0]
		var refusal inventory.Refusal
		if !errors.As(most.Err, &refusal) {
			t.Errorf("got %v for more than fits, want a Refusal", most.Err)
		}
	})
}

// G3: the tables themselves refuse stock below zero, whatever a build decides.
func TestProducts_below_zero_are_refused(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		stock(t, r, "MUG", 10)
		for _, set := range []string{
			"on_hand = -1, available = -1", "available = -1, reserved = 11", "available = 11, reserved = -1",
			"sold = -1", "unit_price_minor = -1", "on_hand = 9",
		} {
			err := r.DB.InTx(t.Context(), func(tx *sqldb.Tx) error {
				tx.Exec("set", "UPDATE products SET "+set)
				return nil
			})
			if err == nil || r.DB.Retryable(err) {
				t.Errorf("%s: got %v, want a lasting error", set, err)
			}
		}
		storetest.Want(t, "mugs", counts(t, r, "MUG"), "10 10 0 0")
	})
}
