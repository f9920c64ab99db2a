package sqlstore_test

import (
	"fmt"
	"testing"

	"orderly/payment"
	"orderly/payment/sqlstore"
)

// A batch costs the same however many payments there are.
func TestPlans_use_indexes(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		service := d.open(t)
		db, spy := spied(t, d)
		r := serve(t, db)
		const first = 2 * many
		batch := spy.during(func() {
			r.do(t, reserved(first, 700), cancelled(first+1))
			r.do(t, outcome(first, payment.OutcomeCaptured))
		})
		wantPlans(t, d, service, "batch on an empty table", batch)
		fill(t, d, service, "payments", fmt.Sprintf("SELECT %s, 'captured', 'EUR', 700, 'pm_card', 'ch_1', '', 0, 0 FROM series", idOfI(d)))
		wantPlans(t, d, service, "batch", batch)
		wantPlans(t, d, service, "read", spy.during(func() {
			if _, err := r.decider.(*sqlstore.Store).Payment(t.Context(), id(7)); err != nil {
				t.Fatal(err)
			}
		}))
		want(t, "one of many", calls(r.tell(t, cancelled(7))), id(7)+":refund")
	})
}
