package payment

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"orderly/events"
)

// ErrImpossible marks something that no correct participant can have said. It
// is never applied: it belongs in the dead letters, and somebody must look.
var ErrImpossible = errors.New("impossible")

// Result is what became of a payment when it was told something.
type Result struct {
	Payment Payment
	Says    []events.Event
	Call    *Call  // to be made after the payment was committed
	Credit  Credit // one that is new or changed and has to be saved with it; zero: none
	Changed bool
}

// Row is one line of the saga's table: a payment that Is in one of these
// states and Hears this event or outcome.
type Row struct {
	Is    []State
	Hears string // an event's name, or an OutcomeKind
	then  func(*turn) error
}

// Saga is the table that drives payments.
type Saga []Row

// NewSaga returns the table. What no row matches changes nothing and is
// answered with nothing.
func NewSaga() Saga {
	reserved, cancelled := events.NameInventoryReserved, events.NameOrderCancelled
	return Saga{
		{Is: []State{None}, Hears: reserved, then: intend},
		{Is: []State{Charging}, Hears: reserved, then: callAgain},
		{Is: []State{Captured}, Hears: reserved, then: say(Payment.captured)},
		{Is: []State{Failed}, Hears: reserved, then: say(Payment.failed)},

		{Is: []State{None}, Hears: cancelled, then: bury},
		{Is: []State{Charging}, Hears: cancelled, then: condemn},
		{Is: []State{ChargingDead}, Hears: cancelled, then: callAgain},
		{Is: []State{Captured}, Hears: cancelled, then: refund},
		{Is: []State{Refunding}, Hears: cancelled, then: callAgain},
		{Is: []State{Failed, Dead, Refunded}, Hears: cancelled, then: say(Payment.refunded)},

		{Is: []State{Charging}, Hears: string(OutcomeCaptured), then: capture},
		{Is: []State{Charging}, Hears: string(OutcomeDeclined), then: decline},
		{Is: []State{ChargingDead}, Hears: string(OutcomeCaptured), then: refundCaptured},
		{Is: []State{ChargingDead}, Hears: string(OutcomeDeclined), then: declineDead},
		{Is: []State{ChargingDead}, Hears: string(OutcomeVoided), then: declineDead},
		{Is: []State{Refunding}, Hears: string(OutcomeRefunded), then: settle},

		{Is: []State{Captured}, Hears: string(OutcomeCredited), then: give},
		{Is: []State{Captured}, Hears: string(OutcomeCreditRefused), then: refuseCredit},
		{Is: []State{Captured}, Hears: string(OutcomeCreditDoubted), then: doubtCredit},
		{Is: []State{Refunding}, Hears: string(OutcomeCredited), then: thenRefund(give)},
		{Is: []State{Refunding}, Hears: string(OutcomeCreditRefused), then: thenRefund(refuseCredit)},
		{Is: []State{Refunding}, Hears: string(OutcomeCreditDoubted), then: callAgain}, // now on behalf of the cancellation
	}
}

// turn is one event or outcome on its way through the table.
type turn struct {
	Result
	event   events.Event // nil for an outcome
	outcome Outcome
	now     time.Time
}

// Hear tells the payment of an order of an event. P is the zero value with the
// order's id if nothing was heard of the order before. Hearing the same event
// again gives the same answer or asks for the same call.
func (s Saga) Hear(p Payment, e events.Event, now time.Time) (Result, error) {
	return s.run(e.EventName(), &turn{Result: Result{Payment: p}, event: e, now: now})
}

// Settle tells the payment of the outcome of a call.
func (s Saga) Settle(p Payment, o Outcome, now time.Time) (Result, error) {
	return s.run(string(o.Kind), &turn{Result: Result{Payment: p}, outcome: o, now: now})
}

func (s Saga) run(hears string, t *turn) (Result, error) {
	before := t.Payment
	for _, row := range s {
		if row.Hears != hears || !slices.Contains(row.Is, before.State) {
			continue
		}
		if err := row.then(t); err != nil {
			return Result{Payment: before}, fmt.Errorf("payment of order %s is %q and heard %s: %w", before.OrderID, before.State, hears, err)
		}
		return t.Result, nil
	}
	return Result{Payment: before}, nil
}

func (t *turn) become(s State) {
	t.Payment.State = s
	t.Payment.UpdatedAt = t.now
	t.Changed = true
}

func (t *turn) say(e events.Event) { t.Says = append(t.Says, e) }

func say(answer func(Payment) events.Event) func(*turn) error {
	return func(t *turn) error {
		t.say(answer(t.Payment))
		return nil
	}
}

// intend commits to a charge before it is made.
func intend(t *turn) error {
	r, ok := t.event.(events.InventoryReserved)
	if !ok {
		return fmt.Errorf("%w: payload of type %T", ErrImpossible, t.event)
	}
	p := &t.Payment
	p.Currency, p.AmountMinor, p.Method, p.IntentAt = r.Currency, r.TotalMinor, r.PaymentMethod, t.now
	if p.AmountMinor == 0 {
		p.ChargeID = freeCharge
		t.become(Captured)
		t.say(p.captured())
		return nil
	}
	t.become(Charging)
	return callAgain(t)
}

func callAgain(t *turn) error {
	t.Call = &Call{Payment: t.Payment}
	return nil
}

// bury keeps a late inventory.reserved from charging for an order that is over.
func bury(t *turn) error {
	t.become(Dead)
	t.say(t.Payment.refunded())
	return nil
}

// condemn notes the cancellation of a charge that may be on its way; only its
// outcome tells what there is to give back.
func condemn(t *turn) error {
	t.become(ChargingDead)
	return callAgain(t)
}

// refund gives back what is left. A credit that is under way comes first: only
// its outcome tells how much that is, and the gateway's look-up tells one sum.
func refund(t *turn) error {
	if t.Payment.Credit.ID != "" {
		t.become(Refunding)
		return callAgain(t)
	}
	if t.Payment.left() == 0 {
		t.become(Refunded)
		t.say(t.Payment.refunded())
		return nil
	}
	t.Payment.IntentAt = t.now
	t.become(Refunding)
	return callAgain(t)
}

func capture(t *turn) error {
	if err := t.keepCharge(); err != nil {
		return err
	}
	t.become(Captured)
	t.say(t.Payment.captured())
	return nil
}

func refundCaptured(t *turn) error {
	if err := t.keepCharge(); err != nil {
		return err
	}
	return refund(t)
}

func decline(t *turn) error {
	t.Payment.Code = t.outcome.Code
	t.become(Failed)
	t.say(t.Payment.failed())
	return nil
}

func declineDead(t *turn) error {
	t.Payment.Code = t.outcome.Code
	t.become(Failed)
	t.say(t.Payment.refunded())
	return nil
}

func settle(t *turn) error {
	if err := t.agree(t.Payment.left()); err != nil {
		return err
	}
	t.become(Refunded)
	t.say(t.Payment.refunded())
	return nil
}

func (t *turn) keepCharge() error {
	if err := t.agree(t.Payment.AmountMinor); err != nil {
		return err
	}
	t.Payment.ChargeID = t.outcome.ChargeID
	return nil
}

// agree checks that the gateway did what it was asked to do.
func (t *turn) agree(minor int64) error {
	o, p := t.outcome, t.Payment
	if o.AmountMinor != minor || o.Currency != p.Currency {
		return fmt.Errorf("%w: the gateway says %d %s, it was asked for %d %s (minor units)", ErrImpossible, o.AmountMinor, o.Currency, minor, p.Currency)
	}
	return nil
}
