package sqlstore_test

import (
	"fmt"
	"slices"
	"testing"

	"orderly/internal/storetest"
	"orderly/inventory"
)

// mug is the product of round n.
func mug(n int) string { return fmt.Sprintf("MUG %02d", n) }

// G3: an order that is announced at one replica and cancelled at the other, of
// which neither has a row yet, holds no stock in the end and says so.
func TestRace_created_and_cancelled(t *testing.T) {
	t.Parallel()
	reruns := service.OnEverySchedule(t, func(t *testing.T, r storetest.Replica, n int) storetest.Race {
		stock(t, r, mug(n), 10)
		return storetest.Race{A: []any{created(n, mug(n))}, B: []any{cancelled(n)}, Check: func(t *testing.T, a, b *storetest.Actor) {
			storetest.Want(t, "cancelled is answered", b.Answers[0].Says(), "[inventory.released]")
			storetest.Want(t, "stock", counts(t, r, mug(n)), "10 10 0 0")
			state := reservation(t, r, n)
			switch says := fmt.Sprint(a.Answers[0].Says()); says {
			case "[inventory.reserved]":
				storetest.Want(t, "reservation", state, "[released 1000  ]")
			default:
				storetest.Want(t, "says", says, "[]")
				storetest.Want(t, "reservation", state, "[dead 0  ]")
			}
		}}
	})
	storetest.WantReruns(t, reruns)
}

// G3, G4: the same event at two replicas reserves once and gets the same
// answer.
func TestRace_same_event(t *testing.T) {
	t.Parallel()
	reruns := service.OnEverySchedule(t, func(t *testing.T, r storetest.Replica, n int) storetest.Race {
		stock(t, r, mug(n), 10)
		return storetest.Race{A: []any{created(n, mug(n))}, B: []any{created(n, mug(n))}, Check: func(t *testing.T, a, b *storetest.Actor) {
			storetest.Want(t, "stock", counts(t, r, mug(n)), "10 8 2 0")
			one, two := a.Answers[0].Events, b.Answers[0].Events
			if len(one) != 1 || len(two) != 1 || one[0].ID != two[0].ID || string(one[0].Data) != string(two[0].Data) {
				t.Errorf("got the answers %v and %v, want the same one", one, two)
			}
		}}
	})
	// Both need the product: the later one reads the reservation before it waits.
	storetest.WantReruns(t, reruns)
}

// G3: two orders for the last unit, and one gets it.
func TestRace_last_unit(t *testing.T) {
	t.Parallel()
	reruns := service.OnEverySchedule(t, func(t *testing.T, r storetest.Replica, n int) storetest.Race {
		stock(t, r, mug(n), 3)
		return storetest.Race{A: []any{created(2*n, mug(n))}, B: []any{created(2*n+1, mug(n))}, Check: func(t *testing.T, a, b *storetest.Actor) {
			says := slices.Concat(a.Answers[0].Says(), b.Answers[0].Says())
			slices.Sort(says)
			storetest.Want(t, "says", says, "[inventory.rejected inventory.reserved]")
			storetest.Want(t, "stock", counts(t, r, mug(n)), "3 1 2 0")
		}}
	})
	storetest.WantNoReruns(t, reruns)
}

// G3: stock comes back once, and is not taken from the order that got it next.
func TestRace_cancelled_twice(t *testing.T) {
	t.Parallel()
	reruns := service.OnEverySchedule(t, func(t *testing.T, r storetest.Replica, n int) storetest.Race {
		stock(t, r, mug(n), 10)
		r.Do(t, created(n, mug(n)))
		next := 100 + n
		return storetest.Race{A: []any{cancelled(n), created(next, mug(n))}, B: []any{cancelled(n)}, Check: func(t *testing.T, a, b *storetest.Actor) {
			storetest.Want(t, "says", slices.Concat(a.Answers[0].Says(), b.Answers[0].Says()), "[inventory.released inventory.released]")
			storetest.Want(t, "stock", counts(t, r, mug(n)), "10 8 2 0")
		}}
	})
	storetest.WantNoReruns(t, reruns)
}

// Events of other orders that share products wait for each other, no more.
func TestRace_orders_that_share_products(t *testing.T) {
	t.Parallel()
	reruns := service.OnEverySchedule(t, func(t *testing.T, r storetest.Replica, n int) storetest.Race {
		p, q := mug(2*n), mug(2*n+1)
		stock(t, r, p, 10)
		stock(t, r, q, 10)
		r.Do(t, created(3*n, p, q))
		return storetest.Race{A: []any{created(3*n+1, p, q), cancelled(3 * n)}, B: []any{created(3*n+2, q, p), adjust(p, 1, "")}, Check: func(t *testing.T, _, _ *storetest.Actor) {
			storetest.Want(t, "stock", []string{counts(t, r, p), counts(t, r, q)}, "[11 7 4 0 10 6 4 0]")
		}}
	})
	storetest.WantNoReruns(t, reruns)
}

// G4: the same adjustment at two replicas is applied once.
func TestRace_same_adjustment(t *testing.T) {
	t.Parallel()
	reruns := service.OnEverySchedule(t, func(t *testing.T, r storetest.Replica, n int) storetest.Race {
		stock(t, r, mug(n), 10)
		return storetest.Race{A: []any{adjust(mug(n), 5, "k")}, B: []any{adjust(mug(n), 5, "k")}, Check: func(t *testing.T, a, b *storetest.Actor) {
			one, two := a.Answers[0].Reply.(inventory.Adjusted), b.Answers[0].Reply.(inventory.Adjusted)
			storetest.Want(t, "one is the replay", one.Replayed != two.Replayed, true)
			storetest.Want(t, "answers", []int64{one.OnHand, two.OnHand}, "[15 15]")
			storetest.Want(t, "stock", counts(t, r, mug(n)), "15 15 0 0")
		}}
	})
	storetest.WantNoReruns(t, reruns)
}

func TestRace_new_product(t *testing.T) {
	t.Parallel()
	reruns := service.OnEverySchedule(t, func(t *testing.T, r storetest.Replica, n int) storetest.Race {
		return storetest.Race{A: []any{put(mug(n), 500), adjust(mug(n), 5, "")}, B: []any{put(mug(n), 500), adjust(mug(n), 6, "")}, Check: func(t *testing.T, _, _ *storetest.Actor) {
			storetest.Want(t, "stock", counts(t, r, mug(n)), "11 11 0 0")
		}}
	})
	storetest.WantReruns(t, reruns)
}

// Batches that name the same rows in opposite orders never wait for each other
// in a circle.
func TestRace_opposite_orders_do_not_deadlock(t *testing.T) {
	t.Parallel()
	d := service.OnPostgres(t)
	first, second := d.Replica(t), d.Replica(t)
	stock(t, first, mug(1), 10)
	stock(t, first, mug(2), 10)
	t.Run("products", func(t *testing.T) {
		a, b := storetest.NewActor(first, created(1, mug(1), mug(2))), storetest.NewActor(second, created(2, mug(2), mug(1)))
		storetest.InCircle(t, d, "SELECT FROM products WHERE id = $1 FOR UPDATE", mug(1), mug(2), a, b)
		storetest.Want(t, "reruns", len(a.Failures)+len(b.Failures), 0)
		storetest.Want(t, "stock", counts(t, first, mug(1)), "10 6 4 0")
	})
	t.Run("reservations", func(t *testing.T) {
		a, b := storetest.NewActor(first, cancelled(1), cancelled(2)), storetest.NewActor(second, cancelled(2), cancelled(1))
		storetest.InCircle(t, d, "SELECT FROM reservations WHERE order_id = $1 FOR UPDATE", id(1), id(2), a, b)
		storetest.Want(t, "reruns", len(a.Failures)+len(b.Failures), 0)
	})
	t.Run("new reservations", func(t *testing.T) {
		a, b := storetest.NewActor(first, cancelled(11), cancelled(12)), storetest.NewActor(second, cancelled(12), cancelled(11))
		storetest.InCircle(t, d, "INSERT INTO reservations VALUES ($1, '', '', 0, '', '', 0)", id(11), id(12), a, b)
		storetest.Want(t, "reruns", len(a.Failures)+len(b.Failures), 1)
	})
	t.Run("new products", func(t *testing.T) {
		a, b := storetest.NewActor(first, put(mug(21), 1), put(mug(22), 1)), storetest.NewActor(second, put(mug(22), 1), put(mug(21), 1))
		storetest.InCircle(t, d, "INSERT INTO products VALUES ($1, '', '', 0, 0, 0, 0, 0, 0)", mug(21), mug(22), a, b)
		storetest.Want(t, "reruns", len(a.Failures)+len(b.Failures), 1)
	})
}

// G3, G4: a COMMIT whose answer is lost is run again and has its effect once.
func TestCommit_unknown_has_one_effect(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r, spy := d.Spied(t)
		stock(t, r, mug(1), 10)
		spy.LoseNextCommit()
		answers, failures, err := r.Commit(t.Context(), created(1, mug(1)), adjust(mug(1), 5, "k"), put(mug(2), 1))
		if err != nil {
			t.Fatal(err)
		}
		storetest.Want(t, "runs", 1+len(failures), 2)
		storetest.Want(t, "says", answers[0].Says(), "[inventory.reserved]")
		storetest.Want(t, "adjusted", answers[1].Reply.(inventory.Adjusted).OnHand, 15)
		storetest.Want(t, "stock", counts(t, r, mug(1)), "15 13 2 0")
	})
}
