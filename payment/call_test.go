package payment_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"orderly/payment"
)

// A key that is half as old as the gateway's promise may be forgotten before a
// call with it gets there.
const (
	retention = 24 * time.Hour
	young     = retention/2 - 1
	old       = retention / 2
)

var errDown = errors.New("gateway is down")

// script is a gateway that gives prepared answers and notes what it was asked.
type script struct {
	charge payment.Charge
	refund payment.Refund
	err    error

	found   *payment.Charge
	findErr error

	asked []any
}

func (s *script) Charge(_ context.Context, r payment.ChargeRequest) (payment.Charge, error) {
	s.asked = append(s.asked, r)
	return s.charge, s.err
}

func (s *script) Void(_ context.Context, r payment.VoidRequest) (payment.Charge, error) {
	s.asked = append(s.asked, r)
	return s.charge, s.err
}

func (s *script) Refund(_ context.Context, r payment.RefundRequest) (payment.Refund, error) {
	s.asked = append(s.asked, r)
	return s.refund, s.err
}

func (s *script) FindByOrder(_ context.Context, orderID string) (payment.Charge, bool, error) {
	s.asked = append(s.asked, orderID)
	if s.found == nil {
		return payment.Charge{}, false, s.findErr
	}
	return *s.found, true, s.findErr
}

func (s *script) KeyRetention() time.Duration { return retention }

// asks is what each state's call asks of the gateway.
func asks() map[payment.State]any {
	return map[payment.State]any{
		payment.Charging:     payment.ChargeRequest{Key: orderID, OrderID: orderID, Method: "card", Currency: "EUR", AmountMinor: amount},
		payment.ChargingDead: payment.VoidRequest{Key: orderID, OrderID: orderID},
		payment.Refunding:    payment.RefundRequest{Key: orderID + ":refund", OrderID: orderID, ChargeID: "ch_1", Currency: "EUR", AmountMinor: amount},
	}
}

func charge(s payment.ChargeStatus) payment.Charge {
	c := payment.Charge{ID: "ch_1", OrderID: orderID, Status: s}
	switch s {
	case payment.ChargeCaptured:
		c.Currency, c.AmountMinor = "EUR", amount
	case payment.ChargeDeclined:
		c.Currency, c.AmountMinor, c.Code = "EUR", amount, "card_declined"
	}
	return c
}

func refund() payment.Refund {
	return payment.Refund{ID: "re_1", ChargeID: "ch_1", OrderID: orderID, Currency: "EUR", AmountMinor: amount}
}

// answered is the outcome of a charge, as the payment hears it.
func answered(s payment.ChargeStatus) payment.Outcome {
	c := charge(s)
	o := payment.Outcome{OrderID: orderID, ChargeID: c.ID, Code: c.Code, Currency: c.Currency, AmountMinor: c.AmountMinor}
	switch s {
	case payment.ChargeCaptured:
		o.Kind = payment.OutcomeCaptured
	case payment.ChargeDeclined:
		o.Kind = payment.OutcomeDeclined
	case payment.ChargeVoided:
		o.Kind, o.Code = payment.OutcomeVoided, "voided"
	}
	return o
}

func do(s payment.State, age time.Duration, g payment.Gateway) (payment.Outcome, error) {
	p := in(s)
	return payment.Call{Payment: p}.Do(context.Background(), g, p.IntentAt.Add(age))
}

func TestEachStateAsksForItsOwn(t *testing.T) {
	t.Parallel()
	for is, want := range asks() {
		for _, status := range []payment.ChargeStatus{payment.ChargeCaptured, payment.ChargeDeclined, payment.ChargeVoided} {
			g := &script{charge: charge(status), refund: refund()}
			outcome, err := do(is, young, g)
			expect := answered(status)
			if is == payment.Refunding {
				expect = payment.Outcome{OrderID: orderID, Kind: payment.OutcomeRefunded, ChargeID: "ch_1", Currency: "EUR", AmountMinor: amount}
			}
			if err != nil || outcome != expect {
				t.Errorf("%s, answered %s: outcome %+v, %v, want %+v", is, status, outcome, err, expect)
			}
			if !reflect.DeepEqual(g.asked, []any{want}) {
				t.Errorf("%s: asked %+v, want only %+v", is, g.asked, want)
			}
		}
	}
}

func TestG2_AnErrorIsNoOutcome(t *testing.T) {
	t.Parallel()
	for is := range asks() {
		for _, wrong := range []error{errDown, payment.ErrKeyReused} {
			outcome, err := do(is, 0, &script{err: wrong, charge: charge(payment.ChargeDeclined)})
			if !errors.Is(err, wrong) || outcome != (payment.Outcome{}) {
				t.Errorf("%s: outcome %+v, error %v, want %v", is, outcome, err, wrong)
			}
			if payment.Refused(err) != payment.Refused(wrong) {
				t.Errorf("%s: refused is %t after %v", is, payment.Refused(err), wrong)
			}
		}
		g := &script{findErr: errDown}
		if _, err := do(is, old, g); !errors.Is(err, errDown) || len(g.asked) != 1 {
			t.Errorf("%s, old, no look-up: error %v after %+v, want no more than the look-up", is, err, g.asked)
		}
	}
}

func TestRefusedTellsRefusalsFromTheUnknown(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		payment.ErrKeyReused:     true,
		payment.ErrUnknownCharge: true,
		payment.ErrNotRefundable: true,
		payment.ErrBadRequest:    true,
		context.DeadlineExceeded: false,
		errDown:                  false,
	} {
		if got := payment.Refused(fmt.Errorf("charge: %w", err)); got != want {
			t.Errorf("%v: refused %t, want %t", err, got, want)
		}
	}
	if payment.Refused(nil) {
		t.Error("no error is no refusal")
	}
}

// TestG2_AStrangeAnswerIsNoOutcome holds each kind of nonsense against each call
// that can meet it, and against the look-up.
func TestG2_AStrangeAnswerIsNoOutcome(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*payment.Charge)
		want   error
	}{
		"another order":     {func(c *payment.Charge) { c.OrderID = "another" }, payment.ErrImpossible},
		"no order":          {func(c *payment.Charge) { c.OrderID = "" }, payment.ErrImpossible},
		"another currency":  {func(c *payment.Charge) { c.Currency = "USD" }, payment.ErrImpossible},
		"no currency":       {func(c *payment.Charge) { c.Currency = "" }, payment.ErrImpossible},
		"more":              {func(c *payment.Charge) { c.AmountMinor++ }, payment.ErrImpossible},
		"less":              {func(c *payment.Charge) { c.AmountMinor-- }, payment.ErrImpossible},
		"negative":          {func(c *payment.Charge) { c.AmountMinor = -amount }, payment.ErrImpossible},
		"nothing":           {func(c *payment.Charge) { *c = payment.Charge{} }, payment.ErrNonsense},
		"no status":         {func(c *payment.Charge) { c.Status = "" }, payment.ErrNonsense},
		"unknown status":    {func(c *payment.Charge) { c.Status = "pending" }, payment.ErrNonsense},
		"HTML for a status": {func(c *payment.Charge) { c.Status = "<html>" }, payment.ErrNonsense},
		"HTML for an id":    {func(c *payment.Charge) { c.ID = "<html>502 Bad Gateway</html>" }, payment.ErrNonsense},
		"no id":             {func(c *payment.Charge) { c.ID = "" }, payment.ErrNonsense},
		"endless id":        {func(c *payment.Charge) { c.ID = strings.Repeat("x", 129) }, payment.ErrNonsense},
	} {
		strange := charge(payment.ChargeCaptured)
		c.change(&strange)
		for _, is := range []payment.State{payment.Charging, payment.ChargingDead} {
			wantNoOutcome(t, string(is)+", "+name, is, young, &script{charge: strange}, c.want)
			wantNoOutcome(t, string(is)+", found "+name, is, old, &script{found: &strange}, c.want)
		}
	}
	voided := charge(payment.ChargeVoided)
	voided.Currency, voided.AmountMinor = "EUR", -amount
	wantNoOutcome(t, "a negative void", payment.ChargingDead, young, &script{charge: voided}, payment.ErrImpossible)
	declined := charge(payment.ChargeDeclined)
	declined.AmountMinor++
	wantNoOutcome(t, "declined for more", payment.Charging, young, &script{charge: declined}, payment.ErrImpossible)
}

func TestG2_AStrangeRefundIsNoOutcome(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*payment.Refund){
		"another order":    func(r *payment.Refund) { r.OrderID = "another" },
		"another charge":   func(r *payment.Refund) { r.ChargeID = "ch_2" },
		"another currency": func(r *payment.Refund) { r.Currency = "USD" },
		"more":             func(r *payment.Refund) { r.AmountMinor++ },
		"less":             func(r *payment.Refund) { r.AmountMinor-- },
		"negative":         func(r *payment.Refund) { r.AmountMinor = -amount },
		"nothing":          func(r *payment.Refund) { *r = payment.Refund{} },
	} {
		strange := refund()
		change(&strange)
		wantNoOutcome(t, name, payment.Refunding, young, &script{refund: strange}, payment.ErrImpossible)
	}
	for name, change := range map[string]func(*payment.Charge){
		"of another order":    func(c *payment.Charge) { c.OrderID = "another" },
		"in another currency": func(c *payment.Charge) { c.Currency = "USD" },
		"of another amount":   func(c *payment.Charge) { c.AmountMinor++ },
		"refunded twice":      func(c *payment.Charge) { c.RefundedMinor = 2 * amount },
		"refunded below zero": func(c *payment.Charge) { c.RefundedMinor = -1 },
	} {
		found := refunded(amount)
		change(found)
		wantNoOutcome(t, "found "+name, payment.Refunding, old, &script{found: found, refund: refund()}, payment.ErrImpossible)
	}
}

func wantNoOutcome(t *testing.T, name string, is payment.State, age time.Duration, g payment.Gateway, want error) {
	t.Helper()
	if o, err := do(is, age, g); !errors.Is(err, want) || o != (payment.Outcome{}) || payment.Refused(err) {
		t.Errorf("%s: outcome %+v, error %v, want %v", name, o, err, want)
	}
}

// TestG2_AnOldIntentIsLookedUpFirst is about keys that may be forgotten: only
// what nobody knows of is called again, under the same key.
func TestG2_AnOldIntentIsLookedUpFirst(t *testing.T) {
	t.Parallel()
	for _, is := range []payment.State{payment.Charging, payment.ChargingDead} {
		for _, status := range []payment.ChargeStatus{payment.ChargeCaptured, payment.ChargeDeclined, payment.ChargeVoided} {
			found := charge(status)
			g := &script{found: &found}
			outcome, err := do(is, old, g)
			if err != nil || outcome != answered(status) || !reflect.DeepEqual(g.asked, []any{orderID}) {
				t.Errorf("%s, found %s: outcome %+v, %v after %+v, want what was found", is, status, outcome, err, g.asked)
			}
		}
		g := &script{charge: charge(payment.ChargeCaptured)}
		outcome, err := do(is, old, g)
		if err != nil || outcome != answered(payment.ChargeCaptured) || !reflect.DeepEqual(g.asked, []any{orderID, asks()[is]}) {
			t.Errorf("%s, found nothing: outcome %+v, %v after %+v, want the call", is, outcome, err, g.asked)
		}
	}
}

func TestG2_AnOldRefundIsLookedUpFirst(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		found *payment.Charge
		calls bool
	}{
		"nothing found":     {nil, true},
		"not refunded":      {refunded(0), true},
		"refunded in part":  {refunded(amount - 1), true},
		"refunded in whole": {refunded(amount), false},
	} {
		g := &script{found: c.found, refund: refund()}
		outcome, err := do(payment.Refunding, old, g)
		want := payment.Outcome{OrderID: orderID, Kind: payment.OutcomeRefunded, ChargeID: "ch_1", Currency: "EUR", AmountMinor: amount}
		if err != nil || outcome != want {
			t.Errorf("%s: outcome %+v, %v, want %+v", name, outcome, err, want)
		}
		if called := len(g.asked) == 2; called != c.calls {
			t.Errorf("%s: asked %+v, want a refund %t", name, g.asked, c.calls)
		}
	}
}

func refunded(minor int64) *payment.Charge {
	c := charge(payment.ChargeCaptured)
	c.RefundedMinor = minor
	return &c
}

func TestDeclineCodesFitTheContract(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"card_declined":         "card_declined",
		"":                      "declined",
		"Do Not Honor (05)":     "do_not_honor__05_",
		strings.Repeat("x", 99): strings.Repeat("x", 64),
	} {
		g := &script{charge: payment.Charge{OrderID: orderID, Status: payment.ChargeDeclined, Code: code}}
		got, err := payment.Call{Payment: payment.Payment{OrderID: orderID, State: payment.Charging}}.Do(context.Background(), g, time.Time{})
		if err != nil || got.Code != want {
			t.Errorf("code %q became %q (error %v), want %q", code, got.Code, err, want)
		}
	}
}
