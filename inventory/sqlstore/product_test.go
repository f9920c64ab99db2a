package sqlstore_test

import (
	"database/sql"
	"errors"
	"fmt"
	"testing"
	"time"

	"orderly/inventory"
)

func TestPut_makes_and_changes_a_product(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		first := r.tell(t, put("MUG", 500)).Reply.(inventory.Product)
		stored, err := store(r).Product(t.Context(), "MUG")
		if err != nil || stored != first {
			t.Errorf("got %+v, %v; want %+v", stored, err, first)
		}
		want(t, "price", stored.UnitPriceMinor, 500)
		answers := r.do(t, put("MUG", 600), adjust("MUG", 3, ""), put("MUG", 700), put("CUP", 1))
		changed := answers[2].Reply.(inventory.Product)
		want(t, "price", changed.UnitPriceMinor, 700)
		want(t, "mugs", counts(t, r, "MUG"), "3 3 0 0")
		want(t, "cups", counts(t, r, "CUP"), "0 0 0 0")
		if _, err := store(r).Product(t.Context(), "mug"); !errors.Is(err, inventory.ErrUnknownProduct) {
			t.Errorf("got %v, want ErrUnknownProduct", err)
		}
	})
}

func TestProducts_pages(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		r.do(t, put("b", 1), put("B", 1), put("a 1", 1), put("a_1", 1), put("A", 1), put("a-1", 1))
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
		want(t, "by bytes on both databases", fmt.Sprintf("%q", found), `["A" "B" "a 1" "a-1" "a_1" "b"]`)
	})
}

// G4: an adjustment with a key is applied once, and its answer is the stock as
// it was then, not as it is now.
func TestAdjust_again_with_the_same_key(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		r.do(t, put("MUG", 500), put("CUP", 500))
		first := inventory.Adjusted{ProductID: "MUG", OnHand: 5, Available: 5}
		replayed := first
		replayed.Replayed = true
		answers := r.do(t, adjust("MUG", 5, "k"), adjust("MUG", 1, ""), adjust("MUG", 5, "k"), adjust("MUG", 6, "k"), adjust("CUP", 7, "k"))
		want(t, "first", answers[0].Reply, first)
		want(t, "in the same batch", answers[2].Reply, replayed)
		wantRefused(t, answers[3], inventory.ErrKeyReused)
		want(t, "same key, other product", answers[4].Reply, inventory.Adjusted{ProductID: "CUP", OnHand: 7, Available: 7})
		for _, r := range []replica{r, r.later(month), serve(t, d.open(t))} {
			answers := r.do(t, adjust("MUG", 5, "k"), adjust("MUG", 6, "k"))
			want(t, "later", answers[0].Reply, replayed)
			wantRefused(t, answers[1], inventory.ErrKeyReused)
		}
		want(t, "mugs", counts(t, r, "MUG"), "6 6 0 0")
		want(t, "adjustments", rows(t, r.db, "SELECT product_id, sum(delta), count(*) FROM adjustments GROUP BY product_id ORDER BY product_id"), "[CUP 7 1 MUG 6 2]")
	})
}

func TestAdjust_refusals_leave_no_trace(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		stock(t, r, "MUG", 10)
		r.do(t, created(1, "MUG"))
		answers := r.do(t, adjust("MUG", -9, "k"), adjust("CUP", 1, "k"), adjust("MUG", -8, "k"), adjust("MUG", -1, "l"))
		wantRefused(t, answers[0], inventory.ErrNotEnough)
		wantRefused(t, answers[1], inventory.ErrUnknownProduct)
		want(t, "the key is free", answers[2].Reply, inventory.Adjusted{ProductID: "MUG", OnHand: 2, Available: 0})
		wantRefused(t, answers[3], inventory.ErrNotEnough)
		want(t, "mugs", counts(t, r, "MUG"), "2 0 2 0")
		want(t, "adjustments", rows(t, r.db, "SELECT sum(delta) FROM adjustments"), "[2]")
		most := r.do(t, adjust("MUG", inventory.MaxStock, ""))[0]
		var refusal inventory.Refusal
		if !errors.As(most.err, &refusal) {
			t.Errorf("got %v for more than fits, want a Refusal", most.err)
		}
	})
}

// G3: the tables themselves refuse stock below zero, whatever a build decides.
func TestProducts_below_zero_are_refused(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		stock(t, r, "MUG", 10)
		for _, set := range []string{
			"on_hand = -1, available = -1", "available = -1, reserved = 11", "available = 11, reserved = -1",
			"sold = -1", "unit_price_minor = -1", "on_hand = 9",
		} {
			err := r.db.InTx(t.Context(), func(tx *sql.Tx, _ time.Time) error {
				_, err := tx.ExecContext(t.Context(), "UPDATE products SET "+set)
				return err
			})
			if err == nil || r.db.Retryable(err) {
				t.Errorf("%s: got %v, want a lasting error", set, err)
			}
		}
		want(t, "mugs", counts(t, r, "MUG"), "10 10 0 0")
	})
}
