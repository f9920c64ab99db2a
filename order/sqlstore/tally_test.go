package sqlstore_test

import (
	"testing"
	"time"

	"orderly/internal/storetest"
	"orderly/order"
	"orderly/pkg/sqldb"
)

// The open orders are counted by where they stand, with how old they are; those
// that are closed are not.
func TestTally_counts_the_open_orders(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		tally := func(r storetest.Replica) map[string]order.Tally {
			t.Helper()
			found, err := store(r).Tally(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			all := make(map[string]order.Tally)
			for _, one := range found {
				all[string(one.Status)+" "+one.Lane] = one
			}
			return all
		}
		if found := tally(r); len(found) != 0 {
			t.Errorf("without orders: %v", found)
		}
		r.Do(t, place(0), place(1), place(2), place(3), place(4))
		r.Do(t, reserved(1), captured(1))
		r.Do(t, committed(1))
		r.Do(t, reserved(2), cancel(3))
		for name, want := range map[string]int{"pending express": 2, "reserved express": 1, "cancelled express": 1} {
			found := tally(r)
			if found[name].Count != want || len(found) != 3 {
				t.Errorf("%s: %+v, want %d", name, found, want)
			}
		}
		err := r.DB.InTx(t.Context(), func(tx *sqldb.Tx) error {
			tx.Exec("make it older", "UPDATE orders SET created_at = created_at - 90000000, updated_at = updated_at - 60000000 WHERE id = $1", id(0))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		found := tally(r)["pending express"]
		if found.Oldest.Round(10*time.Second) != 90*time.Second || found.Still.Round(10*time.Second) != time.Minute {
			t.Errorf("the oldest is %s old and stands still for %s, want 90s and 1m", found.Oldest, found.Still)
		}
	})
}
