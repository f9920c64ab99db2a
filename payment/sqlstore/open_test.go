package sqlstore_test

import (
	"testing"
	"time"

	"orderly/internal/storetest"
	"orderly/payment/sqlstore"
	"orderly/pkg/sqldb"
)

// A refund by hand is open until the gateway has answered, and ages meanwhile.
func TestOpenCredits_count_those_without_an_answer(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		open := func() (int, time.Duration) {
			t.Helper()
			n, oldest, err := r.Decider.(*sqlstore.Store).OpenCredits(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return n, oldest
		}
		n, oldest := open()
		storetest.Want(t, "none", []any{n, oldest}, []any{0, time.Duration(0)})
		pays(t, r, 1)
		r.Do(t, ask(1, "k1", 300))
		err := r.DB.InTx(t.Context(), func(tx *sqldb.Tx) error {
			tx.Exec("make it older", "UPDATE credits SET asked_at = asked_at - 90000000")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		n, oldest = open()
		storetest.Want(t, "one", []any{n, oldest.Round(10 * time.Second)}, []any{1, 90 * time.Second})
		r.Do(t, credited(1, "k1", 300))
		n, oldest = open()
		storetest.Want(t, "given", []any{n, oldest}, []any{0, time.Duration(0)})
	})
}
