package sqlstore_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"orderly/internal/storetest"
	"orderly/payment"
	"orderly/payment/sqlstore"
	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

func creditID(n int, key string) string { return event.DeriveID(id(n), "credit/"+key) }

// ask asks for a credit of the nth order; 0 is all that is left.
func ask(n int, key string, minor int64) payment.AskCredit {
	a := payment.AskCredit{ID: creditID(n, key), OrderID: id(n), AmountMinor: minor, Why: "arrived broken", By: "ann"}
	if minor > 0 {
		a.Currency = "EUR"
	}
	return a
}

func credited(n int, key string, minor int64) payment.Outcome {
	return payment.Outcome{OrderID: id(n), CreditID: creditID(n, key), Kind: payment.OutcomeCredited, ChargeID: "ch_1", Currency: "EUR", AmountMinor: minor}
}

// credits is what is stored of the credits of an order.
func credits(t testing.TB, r storetest.Replica, n int) string {
	t.Helper()
	return fmt.Sprint(storetest.Rows(t, r.DB, "SELECT state, amount_minor FROM credits WHERE order_id = $1 ORDER BY amount_minor", id(n)))
}

// pays brings an order to where its money is captured.
func pays(t testing.TB, r storetest.Replica, n int) {
	t.Helper()
	r.Do(t, reserved(n, 700))
	r.Do(t, outcome(n, payment.OutcomeCaptured))
}

func refund(n int, minor int64) payment.Outcome {
	o := outcome(n, payment.OutcomeRefunded)
	o.AmountMinor = minor
	return o
}

// G2, G4: a credit is a row before it is called; the same key is the same
// credit, a month later and in the same batch too.
func TestCredit_lives(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		pays(t, r, 1)
		a := r.Tell(t, ask(1, "k1", 300))
		storetest.Want(t, "intent", []any{calls(a), a.Says(), credits(t, r, 1)}, []any{id(1) + ":refund:" + creditID(1, "k1"), []string(nil), "[pending 300]"})
		storetest.Want(t, "reply", a.Reply.(sqlstore.Asked).Replayed, false)

		again := r.Do(t, ask(1, "k1", 300), ask(1, "k1", 300), ask(1, "k1", 301), ask(1, "k2", 100))
		for _, a := range again[:2] {
			storetest.Want(t, "again", []any{a.Err, calls(a), a.Reply.(sqlstore.Asked).Replayed}, []any{nil, id(1) + ":refund:" + creditID(1, "k1"), true})
		}
		storetest.WantRefused(t, again[2], payment.ErrCreditReused)
		storetest.WantRefused(t, again[3], payment.ErrCreditUnderWay)

		given := r.Tell(t, credited(1, "k1", 300))
		storetest.Want(t, "given", []any{given.Says(), credits(t, r, 1)}, []any{[]string{"payments.credited"}, "[given 300]"})
		storetest.Want(t, "outcome again", r.Tell(t, credited(1, "k1", 300)).Says(), "[]")
		month := r.Later(month).Tell(t, ask(1, "k1", 300))
		storetest.Want(t, "told again", []any{month.Says(), month.Events[0].ID == given.Events[0].ID, month.Events[0].Time.Equal(given.Events[0].Time)}, []any{[]string{"payments.credited"}, true, true})

		r.Do(t, ask(1, "all", 0))
		second := r.Tell(t, credited(1, "all", 400))
		storetest.Want(t, "two events", second.Events[0].ID != given.Events[0].ID, true)
		storetest.Want(t, "both", credits(t, r, 1), "[given 300 given 400]")
		storetest.WantRefused(t, r.Do(t, ask(1, "more", 1))[0], payment.ErrTooMuch)
		storetest.Want(t, "nothing left to refund", r.Tell(t, cancelled(1)).Says(), "[payments.refunded]")
		storetest.Want(t, "payment", stored(t, r, 1), "[refunded 700 ch_1 ]")
	})
}

// What is refused leaves no trace.
func TestCredit_refuses(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		r.Do(t, reserved(1, 700), cancelled(2))
		pays(t, r, 3)
		wrong := ask(3, "k", 1)
		wrong.Currency = "USD"
		for _, c := range []struct {
			ask  payment.AskCredit
			want error
		}{
			{ask(1, "k", 1), payment.ErrNothingCaptured},
			{ask(2, "k", 1), payment.ErrNothingCaptured},
			{ask(3, "k", 701), payment.ErrTooMuch},
			{ask(4, "k", 1), payment.ErrNotFound},
			{wrong, payment.ErrOtherCurrency},
		} {
			storetest.WantRefused(t, r.Do(t, c.ask)[0], c.want)
		}
		storetest.Want(t, "credits", storetest.Rows(t, r.DB, "SELECT count(*) FROM credits"), "[0]")
		storetest.Want(t, "no row for a stranger", stored(t, r, 4), "[]")
	})
}

// G1: a credit whose process is gone is called again by any other, and one whose
// event may be lost is told again.
func TestCredit_is_due(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		pays(t, r, 1)
		r.Do(t, ask(1, "k", 300))
		due := sqlstore.CreditDue{OrderID: id(1), CreditID: creditID(1, "k")}
		storetest.Want(t, "at once", []any{dueNow(t, r), calls(r.Tell(t, due))}, []any{"[]", ""})
		late := r.Later(time.Minute)
		storetest.Want(t, "later", calls(late.Tell(t, due)), id(1)+":refund:"+creditID(1, "k"))
		storetest.Want(t, "and not twice", calls(late.Tell(t, due)), "")

		r.Do(t, credited(1, "k", 300))
		storetest.Want(t, "too early to tell", r.Tell(t, due).Says(), "[]")
		storetest.Want(t, "told again", late.Tell(t, due).Says(), "[payments.credited]")
		err := r.DB.InTx(t.Context(), func(tx *sqldb.Tx) error {
			tx.Exec("make it due", "UPDATE credits SET due_at = 1")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		storetest.Want(t, "due", dueNow(t, r), fmt.Sprint([]any{due}))
		if a := r.Do(t, sqlstore.CreditDue{OrderID: id(1), CreditID: creditID(1, "none")})[0]; a.Err == nil {
			t.Error("a credit that is none was due")
		}
	})
}

func dueNow(t testing.TB, r storetest.Replica) string {
	t.Helper()
	call, err := r.Decider.(*sqlstore.Store).CreditsToCall(t.Context())
	tell, err2 := r.Decider.(*sqlstore.Store).CreditsToTell(t.Context())
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(append(call, tell...))
}

// G2: an order that is cancelled at one replica while it is credited at another
// gives back what was captured, and no more.
func TestRace_credited_and_cancelled(t *testing.T) {
	t.Parallel()
	reruns := service.OnEverySchedule(t, func(t *testing.T, r storetest.Replica, n int) storetest.Race {
		pays(t, r, n)
		return storetest.Race{A: []any{ask(n, "k", 300)}, B: []any{cancelled(n)}, Check: func(t *testing.T, a, b *storetest.Actor) {
			whole, part := id(n)+":refund", id(n)+":refund:"+creditID(n, "k")
			if errors.Is(a.Answers[0].Err, payment.ErrNothingCaptured) {
				storetest.Want(t, "call", calls(b.Answers[0]), whole)
				storetest.Want(t, "settled", r.Tell(t, refund(n, 700)).Says(), "[payments.refunded]")
				return
			}
			storetest.Want(t, "calls", []any{calls(a.Answers[0]), calls(b.Answers[0])}, []any{part, part})
			rest := r.Tell(t, credited(n, "k", 300))
			storetest.Want(t, "rest", []any{rest.Says(), calls(rest)}, []any{[]string{"payments.credited"}, whole})
			settled := r.Tell(t, refund(n, 400))
			storetest.Want(t, "settled", []any{settled.Says(), stored(t, r, n)}, []any{[]string{"payments.refunded"}, "[refunded 700 ch_1 ]"})
		}}
	})
	storetest.WantNoReruns(t, reruns)
}

// G2, G4: two operators at once: one credit is begun, whether it is the same or
// not.
func TestRace_two_credits(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"same", "other"} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			reruns := service.OnEverySchedule(t, func(t *testing.T, r storetest.Replica, n int) storetest.Race {
				pays(t, r, n)
				return storetest.Race{A: []any{ask(n, "same", 700)}, B: []any{ask(n, key, 700)}, Check: func(t *testing.T, a, b *storetest.Actor) {
					storetest.Want(t, "credits", credits(t, r, n), "[pending 700]")
					if key == "other" && (a.Answers[0].Err == nil) == (b.Answers[0].Err == nil) {
						t.Errorf("%v and %v, want one of them refused", a.Answers[0].Err, b.Answers[0].Err)
					}
				}}
			})
			storetest.WantNoReruns(t, reruns)
		})
	}
}

// What the clock asks for every few seconds is found by an index.
func TestPlans_of_credits_use_indexes(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		db := d.Open(t)
		r, spy := d.Spied(t)
		d.Fill(t, db, "credits", fmt.Sprintf("SELECT %s, %s, 0, 1, 'EUR', 'why', 'ann', 0, 'given', '', 0, 14, NULL FROM series", d.IDOfI(), d.IDOfI()))
		d.WantPlans(t, db, "due and read", spy.During(func() {
			storetest.Want(t, "due", dueNow(t, r), "[]")
			if _, err := r.Decider.(*sqlstore.Store).Credits(t.Context(), id(7)); err != nil {
				t.Fatal(err)
			}
		}))
	})
}
