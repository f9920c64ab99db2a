package sqlstore_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"orderly/order"
)

// G4: the same key at two replicas makes one order.
func TestRace_same_key_makes_one_order(t *testing.T) {
	t.Parallel()
	reruns := onEverySchedule(t, func(t *testing.T, r replica, n int) raced {
		p, q := place(2*n), place(2*n+1)
		q.IdempotencyKey = p.IdempotencyKey
		return raced{[]any{p}, []any{q}, func(t *testing.T, a, b *actor) {
			one, two := a.answers[0].Reply.(order.Accepted), b.answers[0].Reply.(order.Accepted)
			want(t, "order", one.OrderID, two.OrderID)
			want(t, "one is the replay", one.Replayed != two.Replayed, true)
			want(t, "events", len(a.answers[0].Events)+len(b.answers[0].Events), 1)
			want(t, "orders", rows(t, r.db, "SELECT id FROM orders WHERE id IN ($1, $2)", p.ID, q.ID), []string{one.OrderID})
		}}
	})
	wantReruns(t, reruns)
}

// The row's lock decides between the money and the customer.
func TestRace_captured_and_cancel(t *testing.T) {
	t.Parallel()
	reruns := onEverySchedule(t, func(t *testing.T, r replica, n int) raced {
		r.do(t, place(n), reserved(n))
		return raced{[]any{captured(n)}, []any{cancel(n)}, func(t *testing.T, a, b *actor) {
			heard, cancelled := a.answers[0], b.answers[0]
			says := slices.Concat(heard.says(), cancelled.says())
			switch o := get(t, r, n); o.Status {
			case order.Confirmed:
				want(t, "says", says, "[orders.confirmed]")
				wantRefused(t, cancelled, order.ErrTooLate)
				want(t, "stand", stand(t, r, n), "confirmed; in open_orders; ended confirmed")
			default:
				want(t, "says", says, "[orders.cancelled]")
				want(t, "stand", stand(t, r, n), "cancelled customer; in open_orders; ended cancelled")
			}
		}}
	})
	wantNoReruns(t, reruns)
}

// G4: the same event at two replicas has one effect.
func TestRace_same_event(t *testing.T) {
	t.Parallel()
	reruns := onEverySchedule(t, func(t *testing.T, r replica, n int) raced {
		r.do(t, place(n))
		return raced{[]any{captured(n)}, []any{captured(n)}, func(t *testing.T, a, b *actor) {
			want(t, "events", len(a.answers[0].Events)+len(b.answers[0].Events), 1)
			want(t, "history", history(t, r, n), []string{
				"orders.created <- request", "payments.captured <- cause of payments.captured", "orders.confirmed <- payments.captured"})
		}}
	})
	wantNoReruns(t, reruns)
}

// Two replicas that are told the same time announce the order once.
func TestRace_ticks_announce_once(t *testing.T) {
	t.Parallel()
	reruns := onEverySchedule(t, func(t *testing.T, r replica, n int) raced {
		r.later(-time.Minute).do(t, place(n))
		return raced{[]any{tick(n)}, []any{tick(n)}, func(t *testing.T, a, b *actor) {
			want(t, "announcements", slices.Concat(a.answers[0].says(), b.answers[0].says()), "[orders.created]")
			want(t, "redrives", get(t, r, n).Redrives, 1)
		}}
	})
	wantNoReruns(t, reruns)
}

// The last step closes the order, whoever takes it.
func TestRace_released_and_refunded_close(t *testing.T) {
	t.Parallel()
	reruns := onEverySchedule(t, func(t *testing.T, r replica, n int) raced {
		r.do(t, place(n), cancel(n))
		return raced{[]any{released(n)}, []any{refunded(n)}, func(t *testing.T, _, _ *actor) {
			want(t, "stand", stand(t, r, n), "cancelled customer closed; ended cancelled")
			want(t, "entries", len(history(t, r, n)), 4)
		}}
	})
	wantNoReruns(t, reruns)
}

// Batches that hold the same keys, or move the same orders, in opposite orders
// never wait for each other in a circle.
func TestRace_opposite_orders_do_not_deadlock(t *testing.T) {
	t.Parallel()
	d := onPostgres(t)
	first, second := serve(t, d.open(t)), serve(t, d.open(t))
	t.Run("keys", func(t *testing.T) {
		again := func(n, as int) order.Place {
			p := place(n)
			p.ID = id(as)
			return p
		}
		a, b := newActor(first, []any{place(1), place(2)}), newActor(second, []any{again(2, 3), again(1, 4)})
		inCircle(t, d, "INSERT INTO idempotency_keys VALUES ($1, '', gen_random_uuid(), 0)", "c-1/key 1", "c-1/key 2", a, b)
		want(t, "orders", len(rows(t, first.db, "SELECT id FROM orders")), 2)
		want(t, "reruns", len(a.failures)+len(b.failures), 1)
	})
	t.Run("orders", func(t *testing.T) {
		first.do(t, place(11), place(12))
		a, b := newActor(first, []any{reserved(11), reserved(12)}), newActor(second, []any{cancel(12), cancel(11)})
		inCircle(t, d, "SELECT FROM orders WHERE id = $1 FOR UPDATE", id(11), id(12), a, b)
		want(t, "reruns", len(a.failures)+len(b.failures), 0)
		want(t, "stand", stand(t, first, 12), "cancelled customer; in open_orders; ended cancelled")
	})
}

// G1, G4: a COMMIT whose answer is lost is run again and gives the same one
// order, whether the request has a key or not, and its event is not forgotten.
func TestCommit_unknown_makes_one_order(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		db, spy := spied(t, d)
		r := serve(t, db)
		for n, key := range []string{"", "key"} {
			p := place(n)
			p.IdempotencyKey = key
			other := place(n + 10)
			spy.loseNextCommit()
			var runs int
			answers, err := []answer(nil), errors.New("not run")
			for ; runs < 5 && err != nil; runs++ {
				answers, err = r.try(t.Context(), straight, []any{p, other})
				if err != nil && !db.Retryable(err) {
					t.Fatal(err)
				}
			}
			if err != nil {
				t.Fatalf("key %q: runs again for ever: %v", key, err)
			}
			want(t, "runs", runs, 2)
			created := get(t, r, n).CreatedAt
			want(t, "answer", answers[0].Reply, order.Accepted{OrderID: p.ID, CreatedAt: created})
			want(t, "events", fmt.Sprint(answers[0].says(), answers[1].says()), "[orders.created] [orders.created]")
			want(t, "time", answers[0].Events[0].Time, created)
			want(t, "orders", rows(t, db, "SELECT id FROM orders WHERE id = $1", p.ID), []string{p.ID})
			want(t, "history", history(t, r, n), "[orders.created <- request]")
		}
	})
}
