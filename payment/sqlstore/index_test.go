package sqlstore_test

import (
	"fmt"
	"testing"

	"orderly/internal/storetest"
	"orderly/payment"
	"orderly/payment/sqlstore"
)

// A batch costs the same however many payments there are.
func TestPlans_use_indexes(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		db := d.Open(t)
		r, spy := d.Spied(t)
		const first = 1_000_000
		batch := spy.During(func() {
			r.Do(t, reserved(first, 700), cancelled(first+1))
			r.Do(t, outcome(first, payment.OutcomeCaptured))
		})
		d.WantPlans(t, db, "batch on an empty table", batch)
		d.Fill(t, db, "payments", fmt.Sprintf("SELECT %s, 'captured', 'EUR', 700, 'pm_card', 'ch_1', '', 0, 0 FROM series", d.IDOfI()))
		d.WantPlans(t, db, "batch", batch)
		d.WantPlans(t, db, "read", spy.During(func() {
			if _, err := r.Decider.(*sqlstore.Store).Payment(t.Context(), id(7)); err != nil {
				t.Fatal(err)
			}
		}))
		storetest.Want(t, "one of many", calls(r.Tell(t, cancelled(7))), id(7)+":refund")
	})
}
