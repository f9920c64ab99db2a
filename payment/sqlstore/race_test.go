package sqlstore_test

import (
	"fmt"
	"slices"
	"testing"

	"orderly/internal/storetest"
	"orderly/payment"
)

// G2: an order that is reserved at one replica and cancelled at the other, of
// which neither has a row yet, is either never charged or its charge resolved.
func TestRace_reserved_and_cancelled(t *testing.T) {
	t.Parallel()
	reruns := service.OnEverySchedule(t, func(t *testing.T, r storetest.Replica, n int) storetest.Race {
		return storetest.Race{A: []any{reserved(n, 700)}, B: []any{cancelled(n)}, Check: func(t *testing.T, a, b *storetest.Actor) {
			heard, over := a.Answers[0], b.Answers[0]
			switch state := stored(t, r, n); state {
			case "[dead 0  ]":
				storetest.Want(t, "call", calls(heard), "")
				storetest.Want(t, "says", over.Says(), "[payments.refunded]")
			default:
				storetest.Want(t, "stored", state, "[charging_dead 700  ]")
				storetest.Want(t, "calls", []string{calls(heard), calls(over)}, []string{id(n), id(n)})
				storetest.Want(t, "says", over.Says(), "[]")
			}
		}}
	})
	storetest.WantReruns(t, reruns)
}

// G2, G4: the same event at two replicas is one intent under one key.
func TestRace_same_event(t *testing.T) {
	t.Parallel()
	reruns := service.OnEverySchedule(t, func(t *testing.T, r storetest.Replica, n int) storetest.Race {
		return storetest.Race{A: []any{reserved(n, 700)}, B: []any{reserved(n, 700)}, Check: func(t *testing.T, a, b *storetest.Actor) {
			storetest.Want(t, "calls", []string{calls(a.Answers[0]), calls(b.Answers[0])}, []string{id(n), id(n)})
			storetest.Want(t, "stored", stored(t, r, n), "[charging 700  ]")
		}}
	})
	storetest.WantReruns(t, reruns)
}

// G2: whoever is first, what was captured for a cancelled order is refunded.
func TestRace_captured_and_cancelled(t *testing.T) {
	t.Parallel()
	reruns := service.OnEverySchedule(t, func(t *testing.T, r storetest.Replica, n int) storetest.Race {
		r.Do(t, reserved(n, 700))
		return storetest.Race{A: []any{outcome(n, payment.OutcomeCaptured)}, B: []any{cancelled(n)}, Check: func(t *testing.T, a, b *storetest.Actor) {
			storetest.Want(t, "stored", stored(t, r, n), "[refunding 700 ch_1 ]")
			if key := id(n) + ":refund"; calls(a.Answers[0]) != key && calls(b.Answers[0]) != key {
				t.Error("nobody asks for the refund")
			}
		}}
	})
	storetest.WantNoReruns(t, reruns)
}

// G4: the outcome that two replicas learn of is told once.
func TestRace_same_outcome(t *testing.T) {
	t.Parallel()
	reruns := service.OnEverySchedule(t, func(t *testing.T, r storetest.Replica, n int) storetest.Race {
		r.Do(t, reserved(n, 700))
		o := outcome(n, payment.OutcomeCaptured)
		return storetest.Race{A: []any{o}, B: []any{o}, Check: func(t *testing.T, a, b *storetest.Actor) {
			storetest.Want(t, "says", slices.Concat(a.Answers[0].Says(), b.Answers[0].Says()), "[payments.captured]")
			storetest.Want(t, "stored", stored(t, r, n), "[captured 700 ch_1 ]")
		}}
	})
	storetest.WantNoReruns(t, reruns)
}

// Batches that name the same payments in opposite orders never wait for each
// other in a circle.
func TestRace_opposite_orders_do_not_deadlock(t *testing.T) {
	t.Parallel()
	d := service.OnPostgres(t)
	first, second := d.Replica(t), d.Replica(t)
	t.Run("new", func(t *testing.T) {
		a, b := storetest.NewActor(first, reserved(1, 700), reserved(2, 700)), storetest.NewActor(second, cancelled(2), cancelled(1))
		storetest.InCircle(t, d, "INSERT INTO payments VALUES ($1, '', '', 0, '', '', '', NULL, 0)", id(1), id(2), a, b)
		storetest.Want(t, "reruns", len(a.Failures)+len(b.Failures), 1)
	})
	t.Run("known", func(t *testing.T) {
		a, b := storetest.NewActor(first, cancelled(1), cancelled(2)), storetest.NewActor(second, cancelled(2), cancelled(1))
		storetest.InCircle(t, d, "SELECT FROM payments WHERE order_id = $1 FOR UPDATE", id(1), id(2), a, b)
		storetest.Want(t, "reruns", len(a.Failures)+len(b.Failures), 0)
	})
}

// G2: a COMMIT whose answer is lost is run again and asks for the same call.
func TestCommit_unknown_has_one_effect(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r, spy := d.Spied(t)
		// What was captured is told when the order is announced again.
		for step, body := range []any{reserved(1, 700), outcome(1, payment.OutcomeCaptured), reserved(1, 700), cancelled(1)} {
			spy.LoseNextCommit()
			answers, failures, err := r.Commit(t.Context(), body)
			if err != nil {
				t.Fatal(err)
			}
			storetest.Want(t, "lost answers", len(failures), 1)
			storetest.Want(t, fmt.Sprint("step ", step), []any{stored(t, r, 1), answers[0].Says(), calls(answers[0])}, [][]any{
				{"[charging 700  ]", "[]", id(1)},
				{"[captured 700 ch_1 ]", "[]", ""},
				{"[captured 700 ch_1 ]", "[payments.captured]", ""},
				{"[refunding 700 ch_1 ]", "[]", id(1) + ":refund"},
			}[step])
		}
	})
}
