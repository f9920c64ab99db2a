package sqlstore_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"orderly/internal/storetest"
	"orderly/order"
	"orderly/order/sqlstore"
	"orderly/pkg/sqldb"
)

// due asks a clock once and returns the numbers of the orders it speaks to.
func due(t testing.TB, clock *sqlstore.Clock) (ids []string, ticks []any) {
	t.Helper()
	ticks, err := clock.Due(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, tick := range ticks {
		ids = append(ids, tick.(sqlstore.Tick).OrderID)
	}
	return ids, ticks
}

// started is a clock whose process has looked at what it found at its start.
func started(t testing.TB, r storetest.Replica, lag sqlstore.Lag) *sqlstore.Clock {
	t.Helper()
	clock := store(r).NewClock(lag)
	if ids, _ := due(t, clock); len(ids) > 0 {
		t.Fatalf("due at the start: %v", ids)
	}
	return clock
}

// everywhere is a lag that is the same on the tests' lane and on another.
func everywhere(lag time.Duration) map[string]time.Duration {
	return map[string]time.Duration{storetest.Lane: lag, order.Standard: lag}
}

func dueAt(t testing.TB, r storetest.Replica, n int) []string {
	t.Helper()
	return storetest.Rows(t, r.DB, "SELECT due_at FROM open_orders WHERE id = $1", id(n))
}

// G1: an order without progress is announced until it closes, each time later;
// one that goes its way is not.
func TestDue_speaks_to_orders_without_progress(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		clock := started(t, r, nil)
		past := r.Later(-time.Minute)
		past.Do(t, place(1), place(2), place(3), reserved(3), place(4), rejected(4))
		r.Do(t, place(5))
		ids, ticks := due(t, clock)
		storetest.Want(t, "due", ids, []string{id(1), id(2), id(3)})

		history3 := history(t, r, 3)
		for _, a := range r.Do(t, ticks...) {
			storetest.Want(t, "announcement", a.Says(), "[orders.created]")
		}
		storetest.Want(t, "history after an announcement", history(t, r, 3), history3)
		storetest.Want(t, "redrives", get(t, r, 3).Redrives, 1)
		ids, _ = due(t, clock)
		storetest.Want(t, "due after it", ids, "[]")

		// Progress makes it due sooner than the announcement had put off.
		put := dueAt(t, r, 1)
		r.Do(t, reserved(1))
		if now := dueAt(t, r, 1); now[0] >= put[0] {
			t.Errorf("due at %s after progress, want before %s", now, put)
		}
		storetest.Want(t, "redrives after progress", get(t, r, 1).Redrives, 0)
	})
}

// Ordinary progress writes nothing into open_orders: the clock asks too early
// once, and learns when to ask again.
func TestDue_too_early_puts_it_off(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		clock := started(t, r, nil)
		r.Later(-time.Minute).Do(t, place(1))
		early := dueAt(t, r, 1)
		r.Do(t, reserved(1))
		storetest.Want(t, "due after progress", dueAt(t, r, 1), early)
		ids, ticks := due(t, clock)
		storetest.Want(t, "due", ids, []string{id(1)})
		storetest.Want(t, "announcements", r.Do(t, ticks...)[0].Says(), "[]")
		storetest.Want(t, "redrives", get(t, r, 1).Redrives, 0)
		ids, _ = due(t, clock)
		storetest.Want(t, "due again", ids, "[]")
		storetest.Want(t, "put off to", dueAt(t, r, 1), storetest.Rows(t, r.DB, "SELECT next_redrive FROM orders"))
	})
}

func TestDue_cancels_at_the_deadline(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		clock := started(t, r, nil)
		r.Later(-time.Hour).Do(t, place(1))
		_, ticks := due(t, clock)
		storetest.Want(t, "says", r.Do(t, ticks...)[0].Says(), "[orders.created orders.cancelled]")
		storetest.Want(t, "stand", stand(t, r, 1), "cancelled timed_out; in open_orders; ended cancelled")
		storetest.Want(t, "history", len(history(t, r, 1)), 2) // orders.created is in it once
	})
}

// An order that made progress after what the other services have heard of is
// not lost: they have yet to come to it.
func TestDue_waits_for_those_that_lag(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		lag := 2 * time.Minute
		clock := started(t, r, func(context.Context) (map[string]time.Duration, error) { return everywhere(lag), nil })
		r.Later(-time.Minute).Do(t, place(1))
		r.Later(-5*time.Minute).Do(t, place(2))
		early := dueAt(t, r, 1)
		ids, ticks := due(t, clock)
		storetest.Want(t, "due", ids, []string{id(2)})
		storetest.Want(t, "announcement", r.Do(t, ticks...)[0].Says(), "[orders.created]")
		ids, _ = due(t, clock)
		storetest.Want(t, "due again", ids, "[]")
		storetest.Want(t, "who waits is due at", dueAt(t, r, 1), early) // nothing was written

		lag = time.Second
		ids, ticks = due(t, clock)
		storetest.Want(t, "due once they have come to it", ids, []string{id(1)})
		storetest.Want(t, "announcement", r.Do(t, ticks...)[0].Says(), "[orders.created]")

		r.Do(t, place(3))
		away := errors.New("away")
		blind := store(r).NewClock(func(context.Context) (map[string]time.Duration, error) { return nil, away })
		if ticks, err := blind.Due(t.Context()); !errors.Is(err, away) || len(ticks) > 0 {
			t.Errorf("got %v, %v, want that the horizon is unknown", ticks, err)
		}
	})
}

// G1: who waits on one lane keeps nobody on another from being announced again.
func TestDue_waits_for_those_on_its_lane_alone(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		clock := started(t, r, func(context.Context) (map[string]time.Duration, error) {
			return map[string]time.Duration{order.Standard: time.Hour, order.Express: 0}, nil
		})
		slow, fast := place(1), place(2)
		slow.Lane, fast.Lane = order.Standard, order.Express
		r.Later(-time.Minute).Do(t, slow, fast)
		ids, ticks := due(t, clock)
		storetest.Want(t, "due", ids, []string{id(2)})
		storetest.Want(t, "announcement", r.Do(t, ticks...)[0].Says(), "[orders.created]")
	})
}

// The deadline waits for nobody, whoever is behind and for how long.
func TestDue_cancels_at_the_deadline_whoever_lags(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		clock := started(t, r, func(context.Context) (map[string]time.Duration, error) { return everywhere(24 * time.Hour), nil })
		r.Later(-time.Hour).Do(t, place(1))
		ids, ticks := due(t, clock)
		storetest.Want(t, "due", ids, []string{id(1)})
		r.Do(t, ticks...)
		storetest.Want(t, "stand", stand(t, r, 1), "cancelled timed_out; in open_orders; ended cancelled")
	})
}

// The deadline does not wait for a broker that does not answer either, whichever
// page it is on.
func TestDue_cancels_at_the_deadline_whoever_does_not_answer(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		const waiting = 300 // more than a page
		r := d.Replica(t)
		var bodies []any
		for n := range waiting {
			bodies = append(bodies, place(n))
		}
		r.Later(-time.Minute).Do(t, bodies...)
		r.Later(-time.Hour).Do(t, place(waiting))
		away := errors.New("away")
		clock := store(r).NewClock(func(context.Context) (map[string]time.Duration, error) { return nil, away })
		var found []any
		for range 2 {
			ticks, err := clock.Due(t.Context())
			if !errors.Is(err, away) {
				t.Errorf("got %v, want that the horizon is unknown", err)
			}
			found = append(found, ticks...)
		}
		if len(found) != 1 {
			t.Fatalf("due: %v, want the late one alone", found)
		}
		r.Do(t, found...)
		storetest.Want(t, "stand", stand(t, r, waiting), "cancelled timed_out; in open_orders; ended cancelled")
	})
}

// G1: an order that is lost is found behind any number of others that wait.
func TestDue_finds_the_lost_behind_those_that_wait(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		const waiting = 600 // more than two pages
		r := d.Replica(t)
		clock := started(t, r, func(context.Context) (map[string]time.Duration, error) { return everywhere(2 * time.Minute), nil })
		var bodies []any
		for n := range waiting {
			bodies = append(bodies, place(n))
		}
		r.Later(-time.Minute).Do(t, bodies...)
		r.Later(-5*time.Minute).Do(t, place(waiting))
		var found []string
		for range 3 {
			ids, _ := due(t, clock)
			found = append(found, ids...)
		}
		storetest.Want(t, "due", found, []string{id(waiting)})
	})
}

// G1: the process before may have died between commit and publish, so the first
// questions of a new one find, page by page, all that was never announced.
func TestDue_at_the_start_finds_what_may_not_have_been_announced(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		const orders = 300
		r := d.Replica(t)
		var bodies []any
		var open []string
		for n := range orders {
			bodies = append(bodies, place(n))
			if n%10 == 0 {
				bodies = append(bodies, reserved(n))
			}
			open = append(open, id(n))
		}
		r.Do(t, bodies...)
		clock := store(r).NewClock(nil)
		var found []string
		for range 3 {
			ids, ticks := due(t, clock)
			found = append(found, ids...)
			for _, a := range r.Do(t, ticks...) {
				storetest.Want(t, "announcement", a.Says(), "[orders.created]")
			}
		}
		if !slices.Equal(found, open) {
			t.Errorf("announced %d orders, want each of the %d that are open once", len(found), len(open))
		}
		r.Do(t, place(orders))
		ids, _ := due(t, clock)
		storetest.Want(t, "due later", ids, "[]")
	})
}

// G1: a page whose horizon is unknown is asked for again, be it one of many or
// the last.
func TestDue_at_the_start_skips_no_page(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		const orders = 300 // two pages
		r := d.Replica(t)
		var bodies []any
		var placed []string
		for n := range orders {
			bodies = append(bodies, place(n))
			placed = append(placed, id(n))
		}
		r.Do(t, bodies...)
		away, asked := errors.New("away"), 0
		clock := store(r).NewClock(func(context.Context) (map[string]time.Duration, error) {
			if asked++; asked%2 == 1 {
				return nil, away
			}
			return nil, nil
		})
		var found []string
		for page := range 2 {
			if ticks, err := clock.Due(t.Context()); !errors.Is(err, away) || len(ticks) > 0 {
				t.Fatalf("page %d: got %d ticks and %v, want that the horizon is unknown", page, len(ticks), err)
			}
			ids, ticks := due(t, clock)
			found = append(found, ids...)
			r.Do(t, ticks...)
		}
		if !slices.Equal(found, placed) {
			t.Errorf("announced %d orders, want each of the %d once", len(found), len(placed))
		}
	})
}

// The clock speaks to a bounded number of orders at a time, and in the end to
// all of them.
func TestDue_pages(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		const orders = 300
		r := d.Replica(t)
		clock := started(t, r, nil)
		var bodies []any
		for n := range orders {
			bodies = append(bodies, place(n))
		}
		r.Later(-time.Minute).Do(t, bodies...)
		seen := make(map[string]bool)
		for range 3 {
			ids, ticks := due(t, clock)
			for _, id := range ids {
				seen[id] = true
			}
			r.Do(t, ticks...)
		}
		ids, _ := due(t, clock)
		storetest.Want(t, "spoken to", len(seen), orders)
		storetest.Want(t, "left", len(ids), 0)
	})
}

func TestTick_of_an_order_that_is_not_there(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		storetest.WantRefused(t, r.Do(t, tick(1))[0], order.ErrNotFound)
	})
}

// G1: an order whose turn never comes because others are put off again and again
// would wait for ever, even for its deadline.
func TestDue_gives_everybody_a_turn(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		const orders = 600 // more than two pages
		r := d.Replica(t)
		clock := started(t, r, nil)
		var bodies []any
		for n := range orders {
			bodies = append(bodies, place(n))
		}
		r.Later(-time.Minute).Do(t, bodies...)
		seen := make(map[string]int)
		for range 6 { // nobody is told anything, so that all stay due
			ids, _ := due(t, clock)
			for _, id := range ids {
				seen[id]++
			}
		}
		for n := range orders {
			if seen[id(n)] != 2 {
				t.Fatalf("order %d had %d turns in two rounds", n, seen[id(n)])
			}
		}
	})
}

// G1: a start waits until everybody has heard what was told before it.
func TestDue_at_the_start_waits_for_those_that_lag(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		r.Do(t, place(1))
		lag := time.Minute
		clock := store(r).NewClock(func(context.Context) (map[string]time.Duration, error) { return everywhere(lag), nil })
		ids, _ := due(t, clock)
		storetest.Want(t, "while they lag", ids, "[]")
		lag = 0
		ids, ticks := due(t, clock)
		storetest.Want(t, "then", ids, []string{id(1)})
		storetest.Want(t, "announcement", r.Do(t, ticks...)[0].Says(), "[orders.created]")
	})
}

// G1: once the broker has lost something, orders that moved before wait for nobody
// who is behind; those that moved since do.
func TestDue_waits_for_nobody_after_a_loss(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		behind := func(context.Context) (map[string]time.Duration, error) { return everywhere(time.Hour), nil }
		clock := started(t, r, behind)
		r.Later(-time.Minute).Do(t, place(1))
		ids, _ := due(t, clock)
		storetest.Want(t, "before the loss", ids, "[]")

		clock.BrokerLost()
		ids, ticks := due(t, clock)
		storetest.Want(t, "after the loss", ids, []string{id(1)})
		storetest.Want(t, "announcement", r.Do(t, ticks...)[0].Says(), "[orders.created]")

		r.Do(t, place(2))
		makeDue(t, r, 2)
		ids, _ = due(t, clock)
		storetest.Want(t, "who moved since", ids, "[]")
	})
}

// makeDue has an order wait no longer, whenever it moved.
func makeDue(t testing.TB, r storetest.Replica, n int) {
	t.Helper()
	err := r.DB.InTx(t.Context(), func(tx *sqldb.Tx) error {
		tx.Exec("order", "UPDATE orders SET next_redrive = 1 WHERE id = $1", id(n))
		tx.Exec("open order", "UPDATE open_orders SET due_at = 1 WHERE id = $1", id(n))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
