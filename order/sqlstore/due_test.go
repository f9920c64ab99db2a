package sqlstore_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"orderly/order"
	"orderly/order/sqlstore"
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
func started(t testing.TB, r replica, horizon func(context.Context) (time.Time, error)) *sqlstore.Clock {
	t.Helper()
	clock := store(r).NewClock(horizon)
	if ids, _ := due(t, clock); len(ids) > 0 {
		t.Fatalf("due at the start: %v", ids)
	}
	return clock
}

func dueAt(t testing.TB, r replica, n int) []string {
	t.Helper()
	return rows(t, r.db, "SELECT due_at FROM open_orders WHERE id = $1", id(n))
}

// G1: an order without progress is announced until it closes, each time later;
// one that goes its way is not.
func TestDue_speaks_to_orders_without_progress(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		clock := started(t, r, nil)
		past := r.later(-time.Minute)
		past.do(t, place(1), place(2), place(3), reserved(3), place(4), rejected(4))
		r.do(t, place(5))
		ids, ticks := due(t, clock)
		want(t, "due", ids, []string{id(1), id(2), id(3)})

		history3 := history(t, r, 3)
		for _, a := range r.do(t, ticks...) {
			want(t, "announcement", a.says(), "[orders.created]")
		}
		want(t, "history after an announcement", history(t, r, 3), history3)
		want(t, "redrives", get(t, r, 3).Redrives, 1)
		ids, _ = due(t, clock)
		want(t, "due after it", ids, "[]")

		// Progress makes it due sooner than the announcement had put off.
		put := dueAt(t, r, 1)
		r.do(t, reserved(1))
		if now := dueAt(t, r, 1); now[0] >= put[0] {
			t.Errorf("due at %s after progress, want before %s", now, put)
		}
		want(t, "redrives after progress", get(t, r, 1).Redrives, 0)
	})
}

// Ordinary progress writes nothing into open_orders: the clock asks too early
// once, and learns when to ask again.
func TestDue_too_early_puts_it_off(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		clock := started(t, r, nil)
		r.later(-time.Minute).do(t, place(1))
		early := dueAt(t, r, 1)
		r.do(t, reserved(1))
		want(t, "due after progress", dueAt(t, r, 1), early)
		ids, ticks := due(t, clock)
		want(t, "due", ids, []string{id(1)})
		want(t, "announcements", r.do(t, ticks...)[0].says(), "[]")
		want(t, "redrives", get(t, r, 1).Redrives, 0)
		ids, _ = due(t, clock)
		want(t, "due again", ids, "[]")
		var next []string
		for _, at := range rows(t, r.db, "SELECT next_redrive FROM orders") {
			next = append(next, at)
		}
		want(t, "put off to", dueAt(t, r, 1), next)
	})
}

func TestDue_cancels_at_the_deadline(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		clock := started(t, r, nil)
		r.later(-time.Hour).do(t, place(1))
		_, ticks := due(t, clock)
		want(t, "says", r.do(t, ticks...)[0].says(), "[orders.cancelled]")
		want(t, "stand", stand(t, r, 1), "cancelled timed_out; in open_orders; ended cancelled")
	})
}

// An order that made progress after what the other services have heard of is
// not lost: they have yet to come to it.
func TestDue_waits_for_those_that_lag(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		var horizon time.Time
		clock := started(t, r, func(context.Context) (time.Time, error) { return horizon, nil })
		r.later(-time.Minute).do(t, place(1))
		r.later(-5*time.Minute).do(t, place(2))
		horizon = get(t, r, 1).UpdatedAt.Add(-time.Minute)
		_, ticks := due(t, clock)
		var says []string
		for _, a := range r.do(t, ticks...) {
			says = append(says, a.says()...)
		}
		want(t, "announced", len(says), 1)
		want(t, "redrives", []int{get(t, r, 1).Redrives, get(t, r, 2).Redrives}, "[0 1]")
		ids, _ := due(t, clock)
		want(t, "due again", ids, "[]")

		away := errors.New("away")
		blind := store(r).NewClock(func(context.Context) (time.Time, error) { return time.Time{}, away })
		if _, err := blind.Due(t.Context()); !errors.Is(err, away) {
			t.Errorf("got %v, want that the horizon is unknown", err)
		}
	})
}

// G1: the process before may have died between commit and publish, so the first
// questions of a new one find, page by page, all that was never announced.
func TestDue_at_the_start_finds_what_may_not_have_been_announced(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		const orders = 300
		r := serve(t, d.open(t))
		var bodies []any
		var pending []string
		for n := range orders {
			bodies = append(bodies, place(n))
			if n%10 == 0 {
				bodies = append(bodies, reserved(n))
				continue
			}
			pending = append(pending, id(n))
		}
		r.do(t, bodies...)
		clock := store(r).NewClock(nil)
		var found []string
		for range 3 {
			ids, ticks := due(t, clock)
			found = append(found, ids...)
			for _, a := range r.do(t, ticks...) {
				want(t, "announcement", a.says(), "[orders.created]")
			}
		}
		if !slices.Equal(found, pending) {
			t.Errorf("announced %d orders, want each of the %d that are pending once", len(found), len(pending))
		}
		r.do(t, place(orders))
		ids, _ := due(t, clock)
		want(t, "due later", ids, "[]")
	})
}

// The clock speaks to a bounded number of orders at a time, and in the end to
// all of them.
func TestDue_pages(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		const orders = 300
		r := serve(t, d.open(t))
		clock := started(t, r, nil)
		var bodies []any
		for n := range orders {
			bodies = append(bodies, place(n))
		}
		r.later(-time.Minute).do(t, bodies...)
		seen := make(map[string]bool)
		for range 3 {
			ids, ticks := due(t, clock)
			for _, id := range ids {
				seen[id] = true
			}
			r.do(t, ticks...)
		}
		ids, _ := due(t, clock)
		want(t, "spoken to", len(seen), orders)
		want(t, "left", len(ids), 0)
	})
}

func TestTick_of_an_order_that_is_not_there(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		wantRefused(t, r.do(t, tick(1))[0], order.ErrNotFound)
	})
}
