package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"orderly/events"
	"orderly/internal/storetest"
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

func lives(n int) map[string][]turn {
	charge, refund := id(n), id(n)+":refund"
	charges := turn{reserved(n, 700), "[]", charge, "[charging 700  ]"}
	captures := turn{outcome(n, payment.OutcomeCaptured), "[payments.captured]", "", "[captured 700 ch_1 ]"}
	capturedAgain := turn{reserved(n, 700), "[payments.captured]", "", "[captured 700 ch_1 ]"}
	refunds := turn{cancelled(n), "[]", refund, "[refunding 700 ch_1 ]"}
	settles := turn{outcome(n, payment.OutcomeRefunded), "[payments.refunded]", "", "[refunded 700 ch_1 ]"}
	refundedAgain := turn{cancelled(n), "[payments.refunded]", "", "[refunded 700 ch_1 ]"}
	condemns := turn{cancelled(n), "[]", charge, "[charging_dead 700  ]"}
	declines := turn{outcome(n, payment.OutcomeDeclined), "[payments.failed]", "", "[failed 700  card_declined]"}
	failedAgain := turn{reserved(n, 700), "[payments.failed]", "", "[failed 700  card_declined]"}
	dies := turn{cancelled(n), "[payments.refunded]", "", "[dead 0  ]"}
	return map[string][]turn{
		"captured": {charges, charges, captures, capturedAgain, {captures.tell, "[]", "", captures.stored}},
		"refunded": {charges, captures, refunds, refunds, {charges.tell, "[]", "", refunds.stored}, settles, refundedAgain,
			{settles.tell, "[]", "", settles.stored}, {charges.tell, "[]", "", settles.stored}},
		"declined": {charges, declines, failedAgain, {cancelled(n), "[payments.refunded]", "", declines.stored}},
		"cancelled while charging, captured": {charges, condemns, condemns, {charges.tell, "[]", "", condemns.stored},
			{captures.tell, "[]", refund, refunds.stored}, settles},
		"cancelled while charging, voided": {charges, condemns,
			{outcome(n, payment.OutcomeVoided), "[payments.refunded]", "", "[failed 700  voided]"}},
		"cancelled while charging, declined": {charges, condemns,
			{outcome(n, payment.OutcomeDeclined), "[payments.refunded]", "", declines.stored}},
		"cancelled before it came": {dies, dies, {charges.tell, "[]", "", dies.stored}},
		"free": {{reserved(n, 0), "[payments.captured]", "", "[captured 0 free ]"},
			{cancelled(n), "[payments.refunded]", "", "[refunded 0 free ]"}},
	}
}

// G2, G4: each input moves the row, says what the row says, and asks for the
// call that the row tells of; a month later as well, or all in one batch.
func TestPayment_lives(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		n := 0
		for name := range lives(0) {
			t.Run(name, func(t *testing.T) {
				n += 2
				life, together := lives(n)[name], lives(n + 1)[name]
				var batch []any
				for i, turn := range life {
					r := r.Later(time.Duration(i) * month)
					a := r.Tell(t, turn.tell)
					if turn.says != fmt.Sprint(a.Says()) || turn.calls != calls(a) || turn.stored != stored(t, r, n) {
						t.Fatalf("step %d: says %v, calls %s, stored %s; want %+v", i, a.Says(), calls(a), stored(t, r, n), turn)
					}
					batch = append(batch, together[i].tell)
				}
				for i, a := range r.Do(t, batch...) {
					storetest.Want(t, fmt.Sprint("step ", i), []any{a.Says(), calls(a), a.Err}, []any{together[i].says, together[i].calls, nil})
				}
				storetest.Want(t, "all in one batch", stored(t, r, n+1), life[len(life)-1].stored)
			})
		}
	})
}

func TestPayment_reads_what_was_saved(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		read := func(n int) payment.Payment {
			p, err := r.Decider.(*sqlstore.Store).Payment(t.Context(), id(n))
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		r.Do(t, reserved(1, 700), cancelled(2))
		intent := read(1)
		wanted := payment.Payment{OrderID: id(1), State: payment.Charging, Currency: "EUR", AmountMinor: 700, Method: "pm_card",
			IntentAt: intent.UpdatedAt, UpdatedAt: intent.UpdatedAt}
		if !reflect.DeepEqual(intent, wanted) || intent.IntentAt.IsZero() {
			t.Errorf("got %+v, want %+v", intent, wanted)
		}
		storetest.Want(t, "no intent", read(2).IntentAt.IsZero(), true)
		e := r.Later(time.Minute).Tell(t, outcome(1, payment.OutcomeCaptured)).Events[0]
		storetest.Want(t, "intent after the outcome", read(1).IntentAt, intent.IntentAt)
		storetest.Want(t, "updated", read(1).UpdatedAt, e.Time)
		storetest.Want(t, "event", []any{e.ID, e.Subject, e.Payload},
			[]any{storetest.EventID(e.Payload.(events.Event)), id(1), events.PaymentCaptured{OrderID: id(1), ChargeID: "ch_1", Currency: "EUR", AmountMinor: 700}})
		if _, err := r.Decider.(*sqlstore.Store).Payment(t.Context(), id(3)); !errors.Is(err, payment.ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
	})
}

// G2: the call asks the gateway for what the committed row says.
func TestCall_asks_for_what_the_row_says(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		var asked any
		r.Decider = sqlstore.New(r.DB, script{note: func(request any) { asked = request }})
		made := func(call *engine.Call) any {
			o, err := call.Do(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		captured := made(r.Tell(t, reserved(1, 700)).Call)
		storetest.Want(t, "charge", asked, payment.ChargeRequest{Key: id(1), OrderID: id(1), Method: "pm_card", Currency: "EUR", AmountMinor: 700})
		r.Do(t, captured)
		refunded := made(r.Tell(t, cancelled(1)).Call)
		storetest.Want(t, "refund", asked, payment.RefundRequest{Key: id(1) + ":refund", OrderID: id(1), ChargeID: "ch_1", Currency: "EUR", AmountMinor: 700})
		r.Do(t, refunded)
		storetest.Want(t, "stored", stored(t, r, 1), "[refunded 700 ch_1 ]")

		r.Do(t, reserved(2, 700))
		r.Do(t, made(r.Tell(t, cancelled(2)).Call))
		storetest.Want(t, "void", asked, payment.VoidRequest{Key: id(2), OrderID: id(2)})
		storetest.Want(t, "stored", stored(t, r, 2), "[failed 700  voided]")
	})
}

// An answer that is none is asked for again; a definite refusal is not.
func TestCall_tells_refusals_from_unknown_outcomes(t *testing.T) {
	t.Parallel()
	d := service.OnSQLite(t)
	r := d.Replica(t)
	lost := errors.New("connection reset")
	neverErr := reflect.TypeOf(engine.Never(lost))
	for _, test := range []struct {
		err   error
		never bool
	}{
		{lost, false}, {context.DeadlineExceeded, false},
		{payment.ErrKeyReused, true}, {payment.ErrUnknownCharge, true}, {payment.ErrNotRefundable, true}, {payment.ErrBadRequest, true},
	} {
		r.Decider = sqlstore.New(r.DB, script{err: test.err})
		_, err := r.Tell(t, reserved(1, 700)).Call.Do(t.Context())
		if !errors.Is(err, test.err) || (reflect.TypeOf(err) == neverErr) != test.never {
			t.Errorf("%v: got %v of type %T, want it marked as never: %v", test.err, err, err, test.never)
		}
	}
}

// G6: what is impossible is refused and leaves no trace, and its company in the
// batch does not notice.
func TestDecide_refuses_the_impossible(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r := d.Replica(t)
		r.Do(t, reserved(1, 700), reserved(2, 700))
		wrong := outcome(1, payment.OutcomeCaptured)
		wrong.AmountMinor++
		answers := r.Do(t, wrong, outcome(2, payment.OutcomeCaptured), "text")
		storetest.WantRefused(t, answers[0], payment.ErrImpossible)
		storetest.Want(t, "company", answers[1].Says(), "[payments.captured]")
		if answers[2].Err == nil {
			t.Error("a string was taken for an input")
		}
		storetest.Want(t, "refused", stored(t, r, 1), "[charging 700  ]")
		storetest.Want(t, "outcome for nobody", r.Tell(t, outcome(3, payment.OutcomeCaptured)).Says(), "[]")
		storetest.Want(t, "nobody", stored(t, r, 3), "[]")
	})
}

func TestBatch_of_nothing(t *testing.T) {
	t.Parallel()
	service.OnEach(t, storetest.WantNothingSaid)
}

// A batch takes as many statements for 200 orders as for one. What gives money
// back looks at what was given back by hand.
func TestBatch_statements_do_not_grow(t *testing.T) {
	t.Parallel()
	service.OnEach(t, func(t *testing.T, d storetest.Database) {
		r, spy := d.Spied(t)
		spy.WantSteady(t, r,
			storetest.Step{Name: "reserved", Tell: func(n int) any { return reserved(n, 700) }, Most: 3},
			storetest.Step{Name: "captured", Tell: func(n int) any { return outcome(n, payment.OutcomeCaptured) }, Most: 3},
			storetest.Step{Name: "cancelled", Tell: func(n int) any { return cancelled(n) }, Most: 4},
			storetest.Step{Name: "refunded", Tell: func(n int) any { return outcome(n, payment.OutcomeRefunded) }, Most: 4},
		)
		storetest.Want(t, "refunded", storetest.Rows(t, r.DB, "SELECT count(*) FROM payments WHERE state = 'refunded'"), "[201]")
	})
}
