package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"orderly/events"
	"orderly/payment"
	"orderly/payment/sqlstore"
	"orderly/pkg/engine"
)

// turn is one input and what becomes of it.
type turn struct {
	tell   any
	says   string
	calls  string // the key of the call that is asked for
	stored string
}

func lives() map[string][]turn {
	charge, refund := id(1), id(1)+":refund"
	charges := turn{reserved(1, 700), "[]", charge, "[charging 700  ]"}
	captures := turn{outcome(1, payment.OutcomeCaptured), "[payments.captured]", "", "[captured 700 ch_1 ]"}
	capturedAgain := turn{reserved(1, 700), "[payments.captured]", "", "[captured 700 ch_1 ]"}
	refunds := turn{cancelled(1), "[]", refund, "[refunding 700 ch_1 ]"}
	settles := turn{outcome(1, payment.OutcomeRefunded), "[payments.refunded]", "", "[refunded 700 ch_1 ]"}
	refundedAgain := turn{cancelled(1), "[payments.refunded]", "", "[refunded 700 ch_1 ]"}
	condemns := turn{cancelled(1), "[]", charge, "[charging_dead 700  ]"}
	declines := turn{outcome(1, payment.OutcomeDeclined), "[payments.failed]", "", "[failed 700  card_declined]"}
	failedAgain := turn{reserved(1, 700), "[payments.failed]", "", "[failed 700  card_declined]"}
	dies := turn{cancelled(1), "[payments.refunded]", "", "[dead 0  ]"}
	return map[string][]turn{
		"captured": {charges, charges, captures, capturedAgain, {captures.tell, "[]", "", captures.stored}},
		"refunded": {charges, captures, refunds, refunds, {charges.tell, "[]", "", refunds.stored}, settles, refundedAgain,
			{settles.tell, "[]", "", settles.stored}, {charges.tell, "[]", "", settles.stored}},
		"declined": {charges, declines, failedAgain, {cancelled(1), "[payments.refunded]", "", declines.stored}},
		"cancelled while charging, captured": {charges, condemns, condemns, {charges.tell, "[]", "", condemns.stored},
			{captures.tell, "[]", refund, refunds.stored}, settles},
		"cancelled while charging, voided": {charges, condemns,
			{outcome(1, payment.OutcomeVoided), "[payments.refunded]", "", "[failed 700  voided]"}},
		"cancelled while charging, declined": {charges, condemns,
			{outcome(1, payment.OutcomeDeclined), "[payments.refunded]", "", declines.stored}},
		"cancelled before it came": {dies, dies, {charges.tell, "[]", "", dies.stored}},
		"free": {{reserved(1, 0), "[payments.captured]", "", "[captured 0 free ]"},
			{cancelled(1), "[payments.refunded]", "", "[refunded 0 free ]"}},
	}
}

// G2, G4: each input moves the row, says what the row says, and asks for the
// call that the row tells of; a month later as well.
func TestPayment_lives(t *testing.T) {
	t.Parallel()
	for name, life := range lives() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, d database) {
				r := serve(t, d.open(t))
				for i, turn := range life {
					r := r.later(time.Duration(i) * month)
					a := r.tell(t, turn.tell)
					if turn.says != fmt.Sprint(a.says()) || turn.calls != calls(a) || turn.stored != stored(t, r, 1) {
						t.Fatalf("step %d: says %v, calls %s, stored %s; want %+v", i, a.says(), calls(a), stored(t, r, 1), turn)
					}
				}
			})
		})
	}
}

// A life that comes in one batch ends as one that comes in many.
func TestPayment_life_in_one_batch(t *testing.T) {
	t.Parallel()
	for name, life := range lives() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEach(t, func(t *testing.T, d database) {
				r := serve(t, d.open(t))
				var bodies []any
				for _, turn := range life {
					bodies = append(bodies, turn.tell)
				}
				for i, a := range r.do(t, bodies...) {
					want(t, fmt.Sprint("step ", i), []any{a.says(), calls(a), a.err}, []any{life[i].says, life[i].calls, nil})
				}
				want(t, "stored", stored(t, r, 1), life[len(life)-1].stored)
			})
		})
	}
}

func TestPayment_reads_what_was_saved(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		read := func(n int) payment.Payment {
			p, err := r.decider.(*sqlstore.Store).Payment(t.Context(), id(n))
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		r.do(t, reserved(1, 700), cancelled(2))
		intent := read(1)
		wanted := payment.Payment{OrderID: id(1), State: payment.Charging, Currency: "EUR", AmountMinor: 700, Method: "pm_card",
			IntentAt: intent.UpdatedAt, UpdatedAt: intent.UpdatedAt}
		if !reflect.DeepEqual(intent, wanted) || intent.IntentAt.IsZero() {
			t.Errorf("got %+v, want %+v", intent, wanted)
		}
		want(t, "no intent", read(2).IntentAt.IsZero(), true)
		e := r.later(time.Minute).tell(t, outcome(1, payment.OutcomeCaptured)).Events[0]
		want(t, "intent after the outcome", read(1).IntentAt, intent.IntentAt)
		want(t, "updated", read(1).UpdatedAt, e.Time)
		want(t, "event", []any{e.ID, e.Subject, e.Payload},
			[]any{eventID(e.Payload.(events.Event)), id(1), events.PaymentCaptured{OrderID: id(1), ChargeID: "ch_1", Currency: "EUR", AmountMinor: 700}})
		if _, err := r.decider.(*sqlstore.Store).Payment(t.Context(), id(3)); !errors.Is(err, payment.ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
	})
}

// G2: the call asks the gateway for what the committed row says.
func TestCall_asks_for_what_the_row_says(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		var asked any
		r.decider = sqlstore.New(r.db, script{note: func(request any) { asked = request }})
		made := func(call *engine.Call) any {
			o, err := call.Do(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		captured := made(r.tell(t, reserved(1, 700)).Call)
		want(t, "charge", asked, payment.ChargeRequest{Key: id(1), OrderID: id(1), Method: "pm_card", Currency: "EUR", AmountMinor: 700})
		r.do(t, captured)
		refunded := made(r.tell(t, cancelled(1)).Call)
		want(t, "refund", asked, payment.RefundRequest{Key: id(1) + ":refund", OrderID: id(1), ChargeID: "ch_1", Currency: "EUR", AmountMinor: 700})
		r.do(t, refunded)
		want(t, "stored", stored(t, r, 1), "[refunded 700 ch_1 ]")

		r.do(t, reserved(2, 700))
		r.do(t, made(r.tell(t, cancelled(2)).Call))
		want(t, "void", asked, payment.VoidRequest{Key: id(2), OrderID: id(2)})
		want(t, "stored", stored(t, r, 2), "[failed 700  voided]")
	})
}

// An answer that is none is asked for again; a definite refusal is not.
func TestCall_tells_refusals_from_unknown_outcomes(t *testing.T) {
	t.Parallel()
	d := onSQLite(t)
	r := serve(t, d.open(t))
	lost := errors.New("connection reset")
	neverErr := reflect.TypeOf(engine.Never(lost))
	for _, test := range []struct {
		err   error
		never bool
	}{
		{lost, false}, {context.DeadlineExceeded, false},
		{payment.ErrKeyReused, true}, {payment.ErrUnknownCharge, true}, {payment.ErrNotRefundable, true}, {payment.ErrBadRequest, true},
	} {
		r.decider = sqlstore.New(r.db, script{err: test.err})
		_, err := r.tell(t, reserved(1, 700)).Call.Do(t.Context())
		if !errors.Is(err, test.err) || (reflect.TypeOf(err) == neverErr) != test.never {
			t.Errorf("%v: got %v of type %T, want it marked as never: %v", test.err, err, err, test.never)
		}
	}
}

// G6: what is impossible is refused and leaves no trace, and its company in the
// batch does not notice.
func TestDecide_refuses_the_impossible(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		r := serve(t, d.open(t))
		r.do(t, reserved(1, 700), reserved(2, 700))
		wrong := outcome(1, payment.OutcomeCaptured)
		wrong.AmountMinor++
		answers := r.do(t, wrong, outcome(2, payment.OutcomeCaptured), "text")
		wantRefused(t, answers[0], payment.ErrImpossible)
		want(t, "company", answers[1].says(), "[payments.captured]")
		if answers[2].err == nil {
			t.Error("a string was taken for an input")
		}
		want(t, "refused", stored(t, r, 1), "[charging 700  ]")
		want(t, "outcome for nobody", r.tell(t, outcome(3, payment.OutcomeCaptured)).says(), "[]")
		want(t, "nobody", stored(t, r, 3), "[]")
	})
}

func TestBatch_of_nothing(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		db, spy := spied(t, d)
		r := serve(t, db)
		statements := spy.during(func() { r.do(t) })
		if d.name == "postgres" {
			statements = statements[1:] // the clock
		}
		if len(statements) != 0 {
			t.Errorf("got %v, want no statement", statements)
		}
	})
}

// A batch takes as many statements for 200 orders as for one.
func TestBatch_statements_do_not_grow(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, d database) {
		db, spy := spied(t, d)
		r := serve(t, db)
		steps := []struct {
			name string
			tell func(n int) any
		}{
			{"reserved", func(n int) any { return reserved(n, 700) }},
			{"captured", func(n int) any { return outcome(n, payment.OutcomeCaptured) }},
			{"cancelled", func(n int) any { return cancelled(n) }},
			{"refunded", func(n int) any { return outcome(n, payment.OutcomeRefunded) }},
		}
		const most = 3 // with the clock
		for _, step := range steps {
			var numbers [2]int
			for i, size := range []int{1, 200} {
				var bodies []any
				for n := range size {
					bodies = append(bodies, step.tell(1000*i+n))
				}
				numbers[i] = len(spy.during(func() { r.do(t, bodies...) }))
			}
			if numbers[0] != numbers[1] || numbers[0] > most {
				t.Errorf("%s: %d statements for one, %d for 200; want the same, at most %d", step.name, numbers[0], numbers[1], most)
			}
		}
		want(t, "refunded", rows(t, db, "SELECT count(*) FROM payments WHERE state = 'refunded'"), "[201]")
	})
}
