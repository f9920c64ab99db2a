package payment_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"orderly/events"
	"orderly/payment"
)

const (
	orderID = "01946f5e-0000-7000-8000-000000000001"
	amount  = 1250
)

var (
	noon    = time.Date(2025, 1, 1, 12, 0, 0, 0, time.UTC)
	earlier = noon.Add(-time.Hour)
)

func states() []payment.State {
	return []payment.State{
		payment.None, payment.Charging, payment.ChargingDead, payment.Captured,
		payment.Refunding, payment.Failed, payment.Dead, payment.Refunded,
	}
}

// in gives a payment of amount EUR as it is in a state.
func in(s payment.State) payment.Payment {
	if s == payment.None {
		return payment.Payment{OrderID: orderID}
	}
	p := payment.Payment{OrderID: orderID, State: s, UpdatedAt: earlier}
	if s == payment.Dead {
		return p
	}
	p.Currency, p.AmountMinor, p.Method, p.IntentAt = "EUR", amount, "card", earlier
	switch s {
	case payment.Captured, payment.Refunding, payment.Refunded:
		p.ChargeID = "ch_1"
	case payment.Failed:
		p.Code = "card_declined"
	}
	return p
}

func reserved() events.InventoryReserved {
	return events.InventoryReserved{OrderID: orderID, Currency: "EUR", TotalMinor: amount, PaymentMethod: "card"}
}

func cancelled() events.OrderCancelled {
	return events.OrderCancelled{OrderID: orderID, Reason: events.ReasonCustomer}
}

func outcome(k payment.OutcomeKind) payment.Outcome {
	o := payment.Outcome{OrderID: orderID, Kind: k, Currency: "EUR", AmountMinor: amount}
	switch k {
	case payment.OutcomeCaptured, payment.OutcomeRefunded:
		o.ChargeID = "ch_1"
	case payment.OutcomeDeclined:
		o.ChargeID, o.Code = "ch_1", "card_declined"
	case payment.OutcomeVoided:
		o.Code, o.Currency, o.AmountMinor = "voided", "", 0
	}
	return o
}

// told is everything that a payment can be told, by name.
func told() map[string]func(payment.Saga, payment.Payment) (payment.Result, error) {
	out := make(map[string]func(payment.Saga, payment.Payment) (payment.Result, error))
	for _, v := range events.Catalog() {
		var e events.Event = named{cancelled(), v.Name}
		switch v.Name {
		case events.NameInventoryReserved:
			e = reserved()
		case events.NameOrderCancelled:
			e = cancelled()
		}
		out[v.Name] = func(s payment.Saga, p payment.Payment) (payment.Result, error) { return s.Hear(p, e, noon) }
	}
	for _, k := range []payment.OutcomeKind{payment.OutcomeCaptured, payment.OutcomeDeclined, payment.OutcomeVoided, payment.OutcomeRefunded} {
		out[string(k)] = func(s payment.Saga, p payment.Payment) (payment.Result, error) { return s.Settle(p, outcome(k), noon) }
	}
	return out
}

// named is an event under a name that is not its own.
type named struct {
	events.Event
	name string
}

func (n named) EventName() string { return n.name }

// step is what a cell of the table says.
type step struct {
	becomes func(*payment.Payment) // nil: it stays
	says    events.Event           // nil: nothing
	calls   bool
}

func become(s payment.State) func(*payment.Payment) {
	return func(p *payment.Payment) { p.State, p.UpdatedAt = s, noon }
}

func intend(s payment.State) func(*payment.Payment) {
	return func(p *payment.Payment) {
		become(s)(p)
		p.IntentAt = noon
	}
}

func charged(then func(*payment.Payment)) func(*payment.Payment) {
	return func(p *payment.Payment) {
		p.ChargeID = "ch_1"
		then(p)
	}
}

func failed(code string) func(*payment.Payment) {
	return func(p *payment.Payment) {
		become(payment.Failed)(p)
		p.Code = code
	}
}

func table() map[payment.State]map[string]step {
	reserve, cancel := events.NameInventoryReserved, events.NameOrderCancelled
	captured, declined := string(payment.OutcomeCaptured), string(payment.OutcomeDeclined)
	saysCaptured := events.PaymentCaptured{OrderID: orderID, ChargeID: "ch_1", Currency: "EUR", AmountMinor: amount}
	saysFailed := events.PaymentFailed{OrderID: orderID, Code: "card_declined"}
	nothingBack := events.PaymentRefunded{OrderID: orderID}
	allBack := events.PaymentRefunded{OrderID: orderID, Currency: "EUR", AmountMinor: amount}
	charging := func(p *payment.Payment) {
		intend(payment.Charging)(p)
		p.Currency, p.AmountMinor, p.Method = "EUR", amount, "card"
	}
	return map[payment.State]map[string]step{
		payment.None: {
			reserve: {becomes: charging, calls: true},
			cancel:  {becomes: become(payment.Dead), says: nothingBack},
		},
		payment.Charging: {
			reserve:  {calls: true},
			cancel:   {becomes: become(payment.ChargingDead), calls: true},
			captured: {becomes: charged(become(payment.Captured)), says: saysCaptured},
			declined: {becomes: failed("card_declined"), says: saysFailed},
		},
		payment.ChargingDead: {
			cancel:                        {calls: true},
			captured:                      {becomes: charged(intend(payment.Refunding)), calls: true},
			declined:                      {becomes: failed("card_declined"), says: nothingBack},
			string(payment.OutcomeVoided): {becomes: failed("voided"), says: nothingBack},
		},
		payment.Captured: {
			reserve: {says: saysCaptured},
			cancel:  {becomes: intend(payment.Refunding), calls: true},
		},
		payment.Refunding: {
			cancel:                          {calls: true},
			string(payment.OutcomeRefunded): {becomes: become(payment.Refunded), says: allBack},
		},
		payment.Failed: {
			reserve: {says: saysFailed},
			cancel:  {says: nothingBack},
		},
		payment.Dead:     {cancel: {says: nothingBack}},
		payment.Refunded: {cancel: {says: allBack}},
	}
}

func TestEveryCellOfTheTable(t *testing.T) {
	t.Parallel()
	for _, is := range states() {
		for hears, tell := range told() {
			got, err := tell(payment.NewSaga(), in(is))
			if err != nil {
				t.Errorf("%q, hears %s: %v", is, hears, err)
			}
			cell := table()[is][hears]
			want := payment.Result{Payment: in(is), Changed: cell.becomes != nil}
			if cell.becomes != nil {
				cell.becomes(&want.Payment)
			}
			if cell.says != nil {
				want.Says = []events.Event{cell.says}
			}
			if cell.calls {
				want.Call = &payment.Call{Payment: want.Payment}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%q, hears %s:\n got %+v\nwant %+v", is, hears, got, want)
			}
		}
	}
}

// TestG4_TheSecondAnswerIsTheFirst hears events twice: the same answer or the
// same call under the same key. An outcome that was applied is silent.
func TestG4_TheSecondAnswerIsTheFirst(t *testing.T) {
	t.Parallel()
	for _, is := range states() {
		for _, e := range []events.Event{reserved(), cancelled()} {
			first, err := payment.NewSaga().Hear(in(is), e, noon)
			if err != nil {
				t.Fatal(err)
			}
			second, err := payment.NewSaga().Hear(first.Payment, e, noon.Add(time.Hour))
			want := first
			want.Changed = false
			if err != nil || !reflect.DeepEqual(second, want) {
				t.Errorf("%q, hears %s twice:\n got %+v, %v\nwant %+v", is, e.EventName(), second, err, want)
			}
		}
		for _, k := range []payment.OutcomeKind{payment.OutcomeCaptured, payment.OutcomeDeclined, payment.OutcomeVoided, payment.OutcomeRefunded} {
			first, err := payment.NewSaga().Settle(in(is), outcome(k), noon)
			if err != nil {
				t.Fatal(err)
			}
			second, err := payment.NewSaga().Settle(first.Payment, outcome(k), noon.Add(time.Hour))
			if want := (payment.Result{Payment: first.Payment}); err != nil || !reflect.DeepEqual(second, want) {
				t.Errorf("%q, settled as %s twice:\n got %+v, %v\nwant %+v", is, k, second, err, want)
			}
		}
	}
}

// TestG2_AnOrderForNothingIsNeverCharged follows a total of zero to both ends.
func TestG2_AnOrderForNothingIsNeverCharged(t *testing.T) {
	t.Parallel()
	saga, free := payment.NewSaga(), reserved()
	free.TotalMinor = 0
	got, err := saga.Hear(in(payment.None), free, noon)
	if err != nil || got.Payment.State != payment.Captured || got.Call != nil || !got.Changed || len(got.Says) != 1 {
		t.Fatalf("got %+v, %v, want it captured without a call", got, err)
	}
	if err := got.Says[0].Validate(); err != nil {
		t.Errorf("says what breaks the contract: %v", err)
	}
	got, err = saga.Hear(got.Payment, cancelled(), noon)
	want := []events.Event{events.PaymentRefunded{OrderID: orderID, Currency: "EUR"}}
	if err != nil || got.Payment.State != payment.Refunded || got.Call != nil || !got.Changed || !reflect.DeepEqual(got.Says, want) {
		t.Errorf("got %+v, %v, want it refunded without a call", got, err)
	}
}

func TestG2_AnotherAmountIsImpossible(t *testing.T) {
	t.Parallel()
	for is, k := range map[payment.State]payment.OutcomeKind{
		payment.Charging:     payment.OutcomeCaptured,
		payment.ChargingDead: payment.OutcomeCaptured,
		payment.Refunding:    payment.OutcomeRefunded,
	} {
		for name, change := range map[string]func(*payment.Outcome){
			"more":             func(o *payment.Outcome) { o.AmountMinor++ },
			"less":             func(o *payment.Outcome) { o.AmountMinor-- },
			"another currency": func(o *payment.Outcome) { o.Currency = "USD" },
		} {
			o := outcome(k)
			change(&o)
			got, err := payment.NewSaga().Settle(in(is), o, noon)
			if !errors.Is(err, payment.ErrImpossible) {
				t.Errorf("%q, %s is %s: error is %v, want ErrImpossible", is, k, name, err)
			}
			if !reflect.DeepEqual(got, payment.Result{Payment: in(is)}) {
				t.Errorf("%q, %s is %s: it was applied: %+v", is, k, name, got)
			}
		}
	}
}

func TestAForeignPayloadIsImpossible(t *testing.T) {
	t.Parallel()
	got, err := payment.NewSaga().Hear(in(payment.None), named{cancelled(), events.NameInventoryReserved}, noon)
	if !errors.Is(err, payment.ErrImpossible) || !reflect.DeepEqual(got, payment.Result{Payment: in(payment.None)}) {
		t.Errorf("got %+v, %v, want ErrImpossible", got, err)
	}
}
