package sqlstore_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"orderly/internal/storetest"
	"orderly/order"
)

// G4: the same key at two replicas makes one order.
func TestRace_same_key_makes_one_order(t *testing.T) {
	t.Parallel()
	reruns := service.OnEverySchedule(t, func(t *testing.T, r storetest.Replica, n int) storetest.Race {
		p, q := place(2*n), place(2*n+1)
		q.IdempotencyKey = p.IdempotencyKey
		return storetest.Race{A: []any{p}, B: []any{q}, Check: func(t *testing.T, a, b *storetest.Actor) {
			one, two := a.Answers[0].Reply.(order.Accepted), b.Answers[0].Reply.(order.Accepted)
			storetest.Want(t, "order", one.OrderID, two.OrderID)
			storetest.Want(t, "one is the replay", one.Replayed != two.Replayed, true)
			storetest.Want(t, "events", len(a.Answers[0].Events)+len(b.Answers[0].Events), 1)
			storetest.Want(t, "orders", storetest.Rows(t, r.DB, "SELECT id FROM orders WHERE id IN ($1, $2)", p.ID, q.ID), []string{one.OrderID})
		}}
	})
	storetest.WantReruns(t, reruns)
}

// The row's lock decides between the money and the customer.
func TestRace_captured_and_cancel(t *testing.T) {
	t.Parallel()
	reruns := service.OnEverySchedule(t, func(t *testing.T, r storetest.Replica, n int) storetest.Race {
		r.Do(t, place(n), reserved(n))
		return storetest.Race{A: []any{captured(n)}, B: []any{cancel(n)}, Check: func(t *testing.T, a, b *storetest.Actor) {
			heard, cancelled := a.Answers[0], b.Answers[0]
			says := slices.Concat(heard.Says(), cancelled.Says())
			switch o := get(t, r, n); o.Status {
			case order.Confirmed:
				storetest.Want(t, "says", says, "[orders.confirmed]")
				storetest.WantRefused(t, cancelled, order.ErrTooLate)
				storetest.Want(t, "stand", stand(t, r, n), "confirmed; in open_orders; ended confirmed")
			default:
				storetest.Want(t, "says", says, "[orders.cancelled]")
				storetest.Want(t, "stand", stand(t, r, n), "cancelled customer; in open_orders; ended cancelled")
			}
		}}
	})
	storetest.WantNoReruns(t, reruns)
}

// G4: the same event at two replicas has one effect.
func TestRace_same_event(t *testing.T) {
	t.Parallel()
	reruns := service.OnEverySchedule(t, func(t *testing.T, r storetest.Replica, n int) storetest.Race {
		r.Do(t, place(n))
		return storetest.Race{A: []any{captured(n)}, B: []any{captured(n)}, Check: func(t *testing.T, a, b *storetest.Actor) {
			storetest.Want(t, "events", len(a.Answers[0].Events)+len(b.Answers[0].Events), 1)
			storetest.Want(t, "history", history(t, r, n), []string{
				"orders.created <- request", "payments.captured <- cause of payments.captured", "orders.confirmed <- payments.captured"})
		}}
	})
	storetest.WantNoReruns(t, reruns)
}

// Two replicas that are told the same time announce the order once.
func TestRace_ticks_announce_once(t *testing.T) {
	t.Parallel()
	reruns := service.OnEverySchedule(t, func(t *testing.T, r storetest.Replica, n int) storetest.Race {
		r.Later(-time.Minute).Do(t, place(n))
		return storetest.Race{A: []any{tick(n)}, B: []any{tick(n)}, Check: func(t *testing.T, a, b *storetest.Actor) {
			storetest.Want(t, "announcements", slices.Concat(a.Answers[0].Says(), b.Answers[0].Says()), "[orders.created]")
			storetest.Want(t, "redrives", get(t, r, n).Redrives, 1)
		}}
	})
	storetest.WantNoReruns(t, reruns)
}

// The last step closes the order, whoever takes it.
func TestRace_released_and_refunded_close(t *testing.T) {
	t.Parallel()
	reruns := service.OnEverySchedule(t, func(t *testing.T, r storetest.Replica, n int) storetest.Race {
		r.Do(t, place(n), cancel(n))
		return storetest.Race{A: []any{released(n)}, B: []any{refunded(n)}, Check: func(t *testing.T, _, _ *storetest.Actor) {
			storetest.Want(t, "stand", stand(t, r, n), "cancelled customer closed; ended cancelled")
			storetest.Want(t, "entries", len(history(t, r, n)), 4)
		}}
	})
	storetest.WantNoReruns(t, reruns)
}

// Batches that hold the same keys, or move the same orders, in opposite orders
// never wait for each other in a circle.
func TestRace_opposite_orders_do_not_deadlock(t *testing.T) {
	t.Parallel()
	d := service.OnPostgres(t)
	first, second := d.Replica(t), d.Replica(t)
	t.Run("keys", func(t *testing.T) {
		again := func(n, as int) order.Place {
			p := place(n)
			p.ID = id(as)
			return p
		}
		a, b := storetest.NewActor(first, place(1), place(2)), storetest.NewActor(second, again(2, 3), again(1, 4))
		storetest.InCircle(t, d, "INSERT INTO idempotency_keys VALUES ($1, '', gen_random_uuid(), 0)", "c-1/key 1", "c-1/key 2", a, b)
		storetest.Want(t, "orders", len(storetest.Rows(t, first.DB, "SELECT id FROM orders")), 2)
		storetest.Want(t, "reruns", len(a.Failures)+len(b.Failures), 1)
	})
	t.Run("orders", func(t *testing.T) {
		first.Do(t, place(11), place(12))
		a, b := storetest.NewActor(first, reserved(11), reserved(12)), storetest.NewActor(second, cancel(12), cancel(11))
		storetest.InCircle(t, d, "SELECT FROM orders WHERE id = $1 FOR UPDATE", id(11), id(12), a, b)
		storetest.Want(t, "reruns", len(a.Failures)+len(b.Failures), 0)
		storetest.Want(t, "stand", stand(t, first, 12), "cancelled customer; in open_orders; ended cancelled")
	})
}

// G1, G4: a COMMIT whose answer is lost is run again and gives the same one
// order, whether the request has a key or not, and its event is not forgotten.
func TestCommit_unknown_makes_one_order(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r, spy := d.Spied(t)
		for n, key := range []string{"", "key"} {
			p := place(n)
			p.IdempotencyKey = key
			other := place(n + 10)
			spy.LoseNextCommit()
			var runs int
			answers, err := []storetest.Answer(nil), errors.New("not run")
			for ; runs < 5 && err != nil; runs++ {
				answers, err = r.Try(t.Context(), p, other)
				if err != nil && !r.DB.Retryable(err) {
					t.Fatal(err)
				}
			}
			if err != nil {
				t.Fatalf("key %q: runs again for ever: %v", key, err)
			}
			storetest.Want(t, "runs", runs, 2)
			created := get(t, r, n).CreatedAt
			storetest.Want(t, "answer", answers[0].Reply, order.Accepted{OrderID: p.ID, CreatedAt: created})
			storetest.Want(t, "events", fmt.Sprint(answers[0].Says(), answers[1].Says()), "[orders.created] [orders.created]")
			storetest.Want(t, "time", answers[0].Events[0].Time, created)
			storetest.Want(t, "orders", storetest.Rows(t, r.DB, "SELECT id FROM orders WHERE id = $1", p.ID), []string{p.ID})
			storetest.Want(t, "history", history(t, r, n), "[orders.created <- request]")
		}
	})
}
