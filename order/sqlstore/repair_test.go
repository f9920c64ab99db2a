package sqlstore_test

import (
	"fmt"
	"testing"
	"time"

	"orderly/events"
	"orderly/internal/storetest"
	"orderly/order"
)

func credited(n, credit int, minor int64) events.Event {
	return events.PaymentCredited{OrderID: id(n), CreditID: id(credit), Currency: "EUR", AmountMinor: minor}
}

// ends brings an order to where nothing more is expected of it.
func ends(t testing.TB, r storetest.Replica, n int) {
	t.Helper()
	for _, input := range []any{place(n), reserved(n), captured(n), committed(n)} {
		r.Do(t, input)
	}
}

// G2, G4: refunds by hand are kept once each, whenever they come.
func TestCredits(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		ends(t, r, 1)
		stood := stand(t, r, 1)
		r.Do(t, credited(1, 101, 300), credited(1, 101, 300), credited(1, 102, 1))
		r.Later(time.Hour).Do(t, credited(1, 101, 300))
		storetest.Want(t, "stands", stand(t, r, 1), stood)
		storetest.Want(t, "credited", get(t, r, 1).CreditedMinor(), 301)
		storetest.Want(t, "history", len(history(t, r, 1)), 7) // created, reserved, captured, confirmed, committed and two credits
		storetest.WantRefused(t, r.Do(t, credited(1, 103, 1<<40))[0], order.ErrImpossible)
		storetest.Want(t, "what is refused leaves nothing", get(t, r, 1).CreditedMinor(), 301)
		storetest.WantRefused(t, r.Do(t, credited(9, 104, 1))[0], order.ErrImpossible)
	})
}

// A repair is kept with the change that it makes, once, even if nobody knows
// whether the commit was one.
func TestActions(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		kept := func(n int) string {
			found, err := store(r).Actions(t.Context(), id(n))
			if err != nil {
				t.Fatal(err)
			}
			var out []string
			for _, a := range found {
				out = append(out, a.Kind+" "+a.By+" "+a.Why)
			}
			return fmt.Sprint(out)
		}
		retry := order.Retry{OrderID: id(1), Action: order.Action{ID: id(201), Kind: order.ActionRetry, By: "ann"}}
		r.Do(t, place(1))
		r.Later(time.Hour).Do(t, tick(1)) // past its deadline: cancelled
		storetest.Want(t, "announced again", r.Tell(t, retry).Says(), "[orders.cancelled]")
		storetest.Want(t, "twice at once", r.Tell(t, retry).Says(), "[orders.cancelled]")
		storetest.Want(t, "kept", kept(1), "[retry ann ]")

		r.Do(t, place(2))
		cancelled := order.Cancel{OrderID: id(2), Action: order.Action{ID: id(202), Kind: order.ActionCancel, By: "bob", Why: "closing"}}
		storetest.Want(t, "cancelled", r.Tell(t, cancelled).Says(), "[orders.created orders.cancelled]")
		cancelled.Action.ID = id(203)
		storetest.Want(t, "again", r.Tell(t, cancelled).Says(), "[]")
		storetest.Want(t, "kept", kept(2), "[cancel bob closing]")

		ends(t, r, 3)
		retry.OrderID, retry.Action.ID = id(3), id(204)
		storetest.WantRefused(t, r.Do(t, retry)[0], order.ErrClosed)
		retry.OrderID = id(9)
		storetest.WantRefused(t, r.Do(t, retry)[0], order.ErrNotFound)
		storetest.Want(t, "refused", kept(3), "[]")
	})
}

// Due notes follow a retry: the clock does not wait for the long pause that was.
func TestRetryStartsThePausesAnew(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		r.Do(t, place(1))
		for i := range 5 {
			r.Later(time.Duration(i+1)*2*time.Minute).Do(t, tick(1))
		}
		before := get(t, r, 1)
		r.Later(11*time.Minute).Do(t, order.Retry{OrderID: id(1), Action: order.Action{ID: id(201), Kind: order.ActionRetry, By: "ann"}})
		after := get(t, r, 1)
		if before.Redrives < 2 || after.Redrives != 1 {
			t.Errorf("redrives %d, then %d", before.Redrives, after.Redrives)
		}
		storetest.Want(t, "due", storetest.Rows(t, r.DB, "SELECT due_at FROM open_orders WHERE id = $1", id(1)), fmt.Sprint([]int64{min(after.NextRedrive.UnixMicro(), after.Deadline.UnixMicro())}))
	})
}

func TestPlans_of_repairs_use_indexes(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		db := d.Open(t)
		r, spy := d.Spied(t)
		ends(t, r, 1_000_001)
		d.Fill(t, db, "order_actions", fmt.Sprintf("SELECT %s, %s, 'retry', 'ann', '', 0 FROM series", d.IDOfI(), d.IDOfI()))
		d.Fill(t, db, "order_credits", fmt.Sprintf("SELECT %s, %s, 1 FROM series", d.IDOfI(), d.IDOfI()))
		d.WantPlans(t, db, "repairs", spy.During(func() {
			r.Do(t, credited(1_000_001, 7, 1), order.Retry{OrderID: id(1_000_001), Action: order.Action{ID: id(1_000_002), Kind: order.ActionRetry, By: "ann"}})
			if _, err := store(r).Actions(t.Context(), id(7)); err != nil {
				t.Fatal(err)
			}
			get(t, r, 1_000_001)
		}))
	})
}
