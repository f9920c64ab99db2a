package sqlstore_test

import (
	"fmt"
	"slices"
	"testing"

	"orderly/payment"
)

// G2: an order that is reserved at one replica and cancelled at the other, of
// which neither has a row yet, is either never charged or its charge resolved.
func TestRace_reserved_and_cancelled(t *testing.T) {
	t.Parallel()
	reruns := onEverySchedule(t, func(t *testing.T, r replica, n int) raced {
		return raced{[]any{reserved(n, 700)}, []any{cancelled(n)}, func(t *testing.T, a, b *actor) {
			heard, over := a.answers[0], b.answers[0]
			switch state := stored(t, r, n); state {
			case "[dead 0  ]":
				want(t, "call", calls(heard), "")
				want(t, "says", over.says(), "[payments.refunded]")
			default:
				want(t, "stored", state, "[charging_dead 700  ]")
				want(t, "calls", []string{calls(heard), calls(over)}, []string{id(n), id(n)})
				want(t, "says", over.says(), "[]")
			}
		}}
	})
	wantReruns(t, reruns)
}

// G2, G4: the same event at two replicas is one intent under one key.
func TestRace_same_event(t *testing.T) {
	t.Parallel()
	reruns := onEverySchedule(t, func(t *testing.T, r replica, n int) raced {
		return raced{[]any{reserved(n, 700)}, []any{reserved(n, 700)}, func(t *testing.T, a, b *actor) {
			want(t, "calls", []string{calls(a.answers[0]), calls(b.answers[0])}, []string{id(n), id(n)})
			want(t, "stored", stored(t, r, n), "[charging 700  ]")
		}}
	})
	wantReruns(t, reruns)
}

// G2: whoever is first, what was captured for a cancelled order is refunded.
func TestRace_captured_and_cancelled(t *testing.T) {
	t.Parallel()
	reruns := onEverySchedule(t, func(t *testing.T, r replica, n int) raced {
		r.do(t, reserved(n, 700))
		return raced{[]any{outcome(n, payment.OutcomeCaptured)}, []any{cancelled(n)}, func(t *testing.T, a, b *actor) {
			want(t, "stored", stored(t, r, n), "[refunding 700 ch_1 ]")
			if key := id(n) + ":refund"; calls(a.answers[0]) != key && calls(b.answers[0]) != key {
				t.Error("nobody asks for the refund")
			}
		}}
	})
	wantNoReruns(t, reruns)
}

// G4: the outcome that two replicas learn of is told once.
func TestRace_same_outcome(t *testing.T) {
	t.Parallel()
	reruns := onEverySchedule(t, func(t *testing.T, r replica, n int) raced {
		r.do(t, reserved(n, 700))
		o := outcome(n, payment.OutcomeCaptured)
		return raced{[]any{o}, []any{o}, func(t *testing.T, a, b *actor) {
			want(t, "says", slices.Concat(a.answers[0].says(), b.answers[0].says()), "[payments.captured]")
			want(t, "stored", stored(t, r, n), "[captured 700 ch_1 ]")
		}}
	})
	wantNoReruns(t, reruns)
}

// Batches that name the same payments in opposite orders never wait for each
// other in a circle.
func TestRace_opposite_orders_do_not_deadlock(t *testing.T) {
	t.Parallel()
	d := onPostgres(t)
	first, second := serve(t, d.open(t)), serve(t, d.open(t))
	t.Run("new", func(t *testing.T) {
		a, b := newActor(first, []any{reserved(1, 700), reserved(2, 700)}), newActor(second, []any{cancelled(2), cancelled(1)})
		inCircle(t, d, "INSERT INTO payments VALUES ($1, '', '', 0, '', '', '', NULL, 0)", id(1), id(2), a, b)
		want(t, "reruns", len(a.failures)+len(b.failures), 1)
	})
	t.Run("known", func(t *testing.T) {
		a, b := newActor(first, []any{cancelled(1), cancelled(2)}), newActor(second, []any{cancelled(2), cancelled(1)})
		inCircle(t, d, "SELECT FROM payments WHERE order_id = $1 FOR UPDATE", id(1), id(2), a, b)
		want(t, "reruns", len(a.failures)+len(b.failures), 0)
	})
}

// G2: a COMMIT whose answer is lost is run again and asks for the same call.
func TestCommit_unknown_has_one_effect(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		db, spy := spied(t, d)
		r := serve(t, db)
		// What was captured is told when the order is announced again.
		for step, body := range []any{reserved(1, 700), outcome(1, payment.OutcomeCaptured), reserved(1, 700), cancelled(1)} {
			spy.loseNextCommit()
			answers, failures, err := r.commit(t.Context(), straight, []any{body})
			if err != nil {
				t.Fatal(err)
			}
			want(t, "lost answers", len(failures), 1)
			want(t, fmt.Sprint("step ", step), []any{stored(t, r, 1), answers[0].says(), calls(answers[0])}, [][]any{
				{"[charging 700  ]", "[]", id(1)},
				{"[captured 700 ch_1 ]", "[]", ""},
				{"[captured 700 ch_1 ]", "[payments.captured]", ""},
				{"[refunding 700 ch_1 ]", "[]", id(1) + ":refund"},
			}[step])
		}
	})
}
