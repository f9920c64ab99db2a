package sqlstore_test

import (
	"fmt"
	"slices"
	"testing"

	"orderly/inventory"
)

// mug is the product of round n.
func mug(n int) string { return fmt.Sprintf("MUG %02d", n) }

// G3: an order that is announced at one replica and cancelled at the other, of
// which neither has a row yet, holds no stock in the end and says so.
func TestRace_created_and_cancelled(t *testing.T) {
	t.Parallel()
	reruns := onEverySchedule(t, func(t *testing.T, r replica, n int) raced {
		stock(t, r, mug(n), 10)
		return raced{[]any{created(n, mug(n))}, []any{cancelled(n)}, func(t *testing.T, a, b *actor) {
			want(t, "cancelled is answered", b.answers[0].says(), "[inventory.released]")
			want(t, "stock", counts(t, r, mug(n)), "10 10 0 0")
			state := reservation(t, r, n)
			switch says := fmt.Sprint(a.answers[0].says()); says {
			case "[inventory.reserved]":
				want(t, "reservation", state, "[released 1000  ]")
			default:
				want(t, "says", says, "[]")
				want(t, "reservation", state, "[dead 0  ]")
			}
		}}
	})
	wantReruns(t, reruns)
}

// G3, G4: the same event at two replicas reserves once and gets the same
// answer.
func TestRace_same_event(t *testing.T) {
	t.Parallel()
	reruns := onEverySchedule(t, func(t *testing.T, r replica, n int) raced {
		stock(t, r, mug(n), 10)
		return raced{[]any{created(n, mug(n))}, []any{created(n, mug(n))}, func(t *testing.T, a, b *actor) {
			want(t, "stock", counts(t, r, mug(n)), "10 8 2 0")
			one, two := a.answers[0].Events, b.answers[0].Events
			if len(one) != 1 || len(two) != 1 || one[0].ID != two[0].ID || string(one[0].Data) != string(two[0].Data) {
				t.Errorf("got the answers %v and %v, want the same one", one, two)
			}
		}}
	})
	// Both need the product: the later one reads the reservation before it waits.
	wantReruns(t, reruns)
}

// G3: two orders for the last unit, and one gets it.
func TestRace_last_unit(t *testing.T) {
	t.Parallel()
	reruns := onEverySchedule(t, func(t *testing.T, r replica, n int) raced {
		stock(t, r, mug(n), 3)
		return raced{[]any{created(2*n, mug(n))}, []any{created(2*n+1, mug(n))}, func(t *testing.T, a, b *actor) {
			says := slices.Concat(a.answers[0].says(), b.answers[0].says())
			slices.Sort(says)
			want(t, "says", says, "[inventory.rejected inventory.reserved]")
			want(t, "stock", counts(t, r, mug(n)), "3 1 2 0")
		}}
	})
	wantNoReruns(t, reruns)
}

// G3: stock comes back once.
func TestRace_cancelled_twice(t *testing.T) {
	t.Parallel()
	reruns := onEverySchedule(t, func(t *testing.T, r replica, n int) raced {
		stock(t, r, mug(n), 10)
		r.do(t, created(n, mug(n)))
		return raced{[]any{cancelled(n)}, []any{cancelled(n)}, func(t *testing.T, a, b *actor) {
			want(t, "says", slices.Concat(a.answers[0].says(), b.answers[0].says()), "[inventory.released inventory.released]")
			want(t, "stock", counts(t, r, mug(n)), "10 10 0 0")
		}}
	})
	wantNoReruns(t, reruns)
}

// Events of other orders that share products wait for each other, no more.
func TestRace_orders_that_share_products(t *testing.T) {
	t.Parallel()
	reruns := onEverySchedule(t, func(t *testing.T, r replica, n int) raced {
		p, q := mug(2*n), mug(2*n+1)
		stock(t, r, p, 10)
		stock(t, r, q, 10)
		r.do(t, created(3*n, p, q))
		return raced{[]any{created(3*n+1, p, q), cancelled(3 * n)}, []any{created(3*n+2, q, p), adjust(p, 1, "")}, func(t *testing.T, _, _ *actor) {
			want(t, "stock", []string{counts(t, r, p), counts(t, r, q)}, "[11 7 4 0 10 6 4 0]")
		}}
	})
	wantNoReruns(t, reruns)
}

// G4: the same adjustment at two replicas is applied once.
func TestRace_same_adjustment(t *testing.T) {
	t.Parallel()
	reruns := onEverySchedule(t, func(t *testing.T, r replica, n int) raced {
		stock(t, r, mug(n), 10)
		return raced{[]any{adjust(mug(n), 5, "k")}, []any{adjust(mug(n), 5, "k")}, func(t *testing.T, a, b *actor) {
			one, two := a.answers[0].Reply.(inventory.Adjusted), b.answers[0].Reply.(inventory.Adjusted)
			want(t, "one is the replay", one.Replayed != two.Replayed, true)
			want(t, "answers", []int64{one.OnHand, two.OnHand}, "[15 15]")
			want(t, "stock", counts(t, r, mug(n)), "15 15 0 0")
		}}
	})
	wantNoReruns(t, reruns)
}

func TestRace_new_product(t *testing.T) {
	t.Parallel()
	reruns := onEverySchedule(t, func(t *testing.T, r replica, n int) raced {
		return raced{[]any{put(mug(n), 500), adjust(mug(n), 5, "")}, []any{put(mug(n), 500), adjust(mug(n), 6, "")}, func(t *testing.T, _, _ *actor) {
			want(t, "stock", counts(t, r, mug(n)), "11 11 0 0")
		}}
	})
	wantReruns(t, reruns)
}

// Batches that name the same rows in opposite orders never wait for each other
// in a circle.
func TestRace_opposite_orders_do_not_deadlock(t *testing.T) {
	t.Parallel()
	d := onPostgres(t)
	first, second := serve(t, d.open(t)), serve(t, d.open(t))
	stock(t, first, mug(1), 10)
	stock(t, first, mug(2), 10)
	t.Run("products", func(t *testing.T) {
		a, b := newActor(first, []any{created(1, mug(1), mug(2))}), newActor(second, []any{created(2, mug(2), mug(1))})
		inCircle(t, d, "SELECT FROM products WHERE id = $1 FOR UPDATE", mug(1), mug(2), a, b)
		want(t, "reruns", len(a.failures)+len(b.failures), 0)
		want(t, "stock", counts(t, first, mug(1)), "10 6 4 0")
	})
	t.Run("reservations", func(t *testing.T) {
		a, b := newActor(first, []any{cancelled(1), cancelled(2)}), newActor(second, []any{cancelled(2), cancelled(1)})
		inCircle(t, d, "SELECT FROM reservations WHERE order_id = $1 FOR UPDATE", id(1), id(2), a, b)
		want(t, "reruns", len(a.failures)+len(b.failures), 0)
	})
	t.Run("new reservations", func(t *testing.T) {
		a, b := newActor(first, []any{cancelled(11), cancelled(12)}), newActor(second, []any{cancelled(12), cancelled(11)})
		inCircle(t, d, "INSERT INTO reservations VALUES ($1, '', '', 0, '', '', 0)", id(11), id(12), a, b)
		want(t, "reruns", len(a.failures)+len(b.failures), 1)
	})
	t.Run("new products", func(t *testing.T) {
		a, b := newActor(first, []any{put(mug(21), 1), put(mug(22), 1)}), newActor(second, []any{put(mug(22), 1), put(mug(21), 1)})
		inCircle(t, d, "INSERT INTO products VALUES ($1, '', '', 0, 0, 0, 0, 0, 0)", mug(21), mug(22), a, b)
		want(t, "reruns", len(a.failures)+len(b.failures), 1)
	})
}

// G3, G4: a COMMIT whose answer is lost is run again and has its effect once.
func TestCommit_unknown_has_one_effect(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		db, spy := spied(t, d)
		r := serve(t, db)
		stock(t, r, mug(1), 10)
		spy.loseNextCommit()
		answers, failures, err := r.commit(t.Context(), straight, []any{created(1, mug(1)), adjust(mug(1), 5, "k"), put(mug(2), 1)})
		if err != nil {
			t.Fatal(err)
		}
		want(t, "runs", 1+len(failures), 2)
		want(t, "says", answers[0].says(), "[inventory.reserved]")
		want(t, "adjusted", answers[1].Reply.(inventory.Adjusted).OnHand, 15)
		want(t, "stock", counts(t, r, mug(1)), "15 13 2 0")
	})
}
