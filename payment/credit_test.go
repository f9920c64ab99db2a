package payment_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"orderly/events"
	"orderly/payment"
)

const creditID = "01946f5e-0000-8000-8000-0000000000c1"

func ask(minor int64) payment.AskCredit {
	a := payment.AskCredit{ID: creditID, OrderID: orderID, AmountMinor: minor, Why: "arrived broken", By: "ann"}
	if minor > 0 {
		a.Currency = "EUR"
	}
	return a
}

// under gives a payment with a credit under way.
func under(t *testing.T, is payment.State, minor int64) payment.Payment {
	t.Helper()
	r, err := payment.NewSaga().Ask(in(payment.Captured), ask(minor), noon)
	if err != nil {
		t.Fatal(err)
	}
	p := r.Payment
	if is == payment.Refunding {
		r, err = payment.NewSaga().Hear(p, cancelled(), noon)
		if err != nil || r.Payment.State != payment.Refunding || r.Payment.Credit != p.Credit || len(r.Says) != 0 {
			t.Fatalf("cancelled meanwhile: %+v, %v, want it to wait for the credit", r, err)
		}
		p = r.Payment
	}
	return p
}

func credited(minor int64) payment.Outcome {
	return payment.Outcome{OrderID: orderID, CreditID: creditID, Kind: payment.OutcomeCredited, ChargeID: "ch_1", Currency: "EUR", AmountMinor: minor}
}

func saysCredited(minor int64) []events.Event {
	return []events.Event{events.PaymentCredited{OrderID: orderID, CreditID: creditID, Currency: "EUR", AmountMinor: minor}}
}

// G2: a credit is intended before it is called, told once it is given, and not
// more than what was captured, in one part or in several.
func TestG2_CreditsAddUpToWhatWasCaptured(t *testing.T) {
	t.Parallel()
	saga := payment.NewSaga()
	p := in(payment.Captured)
	for i, part := range []int64{500, 1, 0} {
		r, err := saga.Ask(p, ask(part), noon)
		if err != nil {
			t.Fatal(err)
		}
		want := part
		if part == 0 {
			want = amount - 501
		}
		if c := r.Credit; c != r.Payment.Credit || c.AmountMinor != want || c.State != payment.CreditPending || !r.Changed || len(r.Says) != 0 {
			t.Fatalf("part %d: %+v, want %d intended", i, r, want)
		}
		if r.Call == nil || r.Call.Key() != orderID+":refund:"+creditID {
			t.Fatalf("part %d: the call is %+v", i, r.Call)
		}
		if _, err := saga.Ask(r.Payment, ask(1), noon); !errors.Is(err, payment.ErrCreditUnderWay) {
			t.Errorf("part %d: another one beside it: %v, want ErrCreditUnderWay", i, err)
		}
		if r, err = saga.Settle(r.Payment, credited(want), noon); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(r.Says, saysCredited(want)) || r.Credit.State != payment.CreditGiven || r.Payment.State != payment.Captured || r.Call != nil {
			t.Fatalf("part %d: %+v, want it given and told", i, r)
		}
		if again, err := saga.Settle(r.Payment, credited(want), noon); err != nil || again.Changed || again.Says != nil {
			t.Errorf("part %d: its outcome again: %+v, %v, want nothing", i, again, err)
		}
		p = r.Payment
	}
	for _, part := range []int64{1, 0} {
		if _, err := saga.Ask(p, ask(part), noon); !errors.Is(err, payment.ErrTooMuch) {
			t.Errorf("%d when nothing is left: %v, want ErrTooMuch", part, err)
		}
	}
	r, err := saga.Hear(p, cancelled(), noon)
	if err != nil || r.Payment.State != payment.Refunded || r.Call != nil {
		t.Errorf("cancelled when all is given back: %+v, %v, want no further refund", r, err)
	}
}

// G2: a cancellation gives back what the credit left, whichever comes first and
// whatever becomes of the credit.
func TestG2_ACancellationRefundsTheRest(t *testing.T) {
	t.Parallel()
	saga := payment.NewSaga()
	refusal := payment.Outcome{OrderID: orderID, CreditID: creditID, Kind: payment.OutcomeCreditRefused, Code: "no"}
	for name, c := range map[string]struct {
		outcome payment.Outcome
		rest    int64
		says    []events.Event
	}{
		"given":          {credited(500), amount - 500, saysCredited(500)},
		"refused":        {refusal, amount, nil},
		"given in whole": {credited(amount), 0, saysCredited(amount)},
	} {
		asked := int64(500)
		if c.rest == 0 {
			asked = amount
		}
		r, err := saga.Settle(under(t, payment.Refunding, asked), c.outcome, noon)
		if err != nil {
			t.Fatal(err)
		}
		refundedEvent := events.PaymentRefunded{OrderID: orderID, Currency: "EUR", AmountMinor: c.rest}
		if c.rest == 0 {
			if want := append(c.says, refundedEvent); !reflect.DeepEqual(r.Says, want) || r.Call != nil || r.Payment.State != payment.Refunded {
				t.Errorf("%s: %+v, want it refunded at once, saying %v", name, r, want)
			}
			continue
		}
		if !reflect.DeepEqual(r.Says, c.says) || r.Call == nil || r.Call.Key() != orderID+":refund" || r.Payment.State != payment.Refunding {
			t.Fatalf("%s: %+v, want a call for the rest, saying %v", name, r, c.says)
		}
		g := &script{refund: payment.Refund{ChargeID: "ch_1", OrderID: orderID, Currency: "EUR", AmountMinor: c.rest}}
		o, err := r.Call.Do(t.Context(), g, noon)
		if want := (payment.RefundRequest{Key: orderID + ":refund", OrderID: orderID, ChargeID: "ch_1", Currency: "EUR", AmountMinor: c.rest}); err != nil || g.asked[0] != any(want) {
			t.Errorf("%s: asked %+v, %v, want %+v", name, g.asked, err, want)
		}
		if r, err = saga.Settle(r.Payment, o, noon); err != nil || !reflect.DeepEqual(r.Says, []events.Event{refundedEvent}) {
			t.Errorf("%s: %+v, %v, want %+v", name, r, err, refundedEvent)
		}
		if r, err = saga.Hear(r.Payment, cancelled(), noon); err != nil || !reflect.DeepEqual(r.Says, []events.Event{refundedEvent}) {
			t.Errorf("%s, cancelled again: %+v, %v, want the same answer", name, r, err)
		}
	}
}

// G2: what the credit before did is no answer to this one, and the sum of both
// is what a look-up tells.
func TestG2_AnOldCreditIsLookedUpFirst(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, found int64
		calls         bool
	}{
		"not given":                       {0, 0, true},
		"given":                           {0, 500, false},
		"the one before was given":        {300, 300, true},
		"the one before and this as well": {300, 800, false},
	} {
		p := under(t, payment.Captured, 500)
		p.CreditedMinor = c.before
		g := &script{found: refunded(c.found), refund: payment.Refund{ChargeID: "ch_1", OrderID: orderID, Currency: "EUR", AmountMinor: 500}}
		o, err := payment.Call{Payment: p}.Do(t.Context(), g, noon.Add(old))
		if err != nil || o != credited(500) || (len(g.asked) == 2) != c.calls {
			t.Errorf("%s: %+v, %v after %+v, want it given, called %t", name, o, err, g.asked, c.calls)
		}
	}
}

func TestG2_ACreditOfUnknownOutcomeIsNotRefused(t *testing.T) {
	t.Parallel()
	p := under(t, payment.Captured, 500)
	if o, err := (payment.Call{Payment: p}).Do(t.Context(), &script{err: errDown}, noon); !errors.Is(err, errDown) {
		t.Errorf("%+v, %v, want an unknown outcome", o, err)
	}
	o, err := payment.Call{Payment: p}.Do(t.Context(), &script{err: payment.ErrNotRefundable}, noon)
	if err != nil || o.Kind != payment.OutcomeCreditRefused || o.Code == "" {
		t.Fatalf("%+v, %v, want a refusal", o, err)
	}
	r, err := payment.NewSaga().Settle(p, o, noon)
	if err != nil || r.Credit.State != payment.CreditRefused || r.Credit.Refusal == "" || r.Payment.CreditedMinor != 0 || len(r.Says) != 0 || !r.Credit.DueAt.IsZero() {
		t.Errorf("%+v, %v, want it refused and nothing given", r, err)
	}
}

// G2: an answer that contradicts a credit settles nothing; it is shown until there is
// one that does.
func TestG2_AContradictedCreditSaysSo(t *testing.T) {
	t.Parallel()
	saga := payment.NewSaga()
	p := under(t, payment.Captured, 500)
	other := &script{refund: payment.Refund{ChargeID: "ch_1", OrderID: orderID, Currency: "EUR", AmountMinor: 501}}
	o, err := payment.Call{Payment: p}.Do(t.Context(), other, noon)
	if err != nil || o.Kind != payment.OutcomeCreditDoubted {
		t.Fatalf("%+v, %v, want it doubted", o, err)
	}
	r, err := saga.Settle(p, o, noon)
	if err != nil || r.Credit.State != payment.CreditPending || !strings.Contains(r.Credit.Refusal, "501 EUR") || r.Credit.DueAt.IsZero() || len(r.Says) != 0 || r.Payment.CreditedMinor != 0 {
		t.Errorf("%+v, %v, want it pending, with what was said", r, err)
	}
	if r, err := saga.Settle(r.Payment, credited(500), noon); err != nil || r.Credit.State != payment.CreditGiven || r.Credit.Refusal != "" {
		t.Errorf("once the gateway agrees: %+v, %v", r, err)
	}
	dead := under(t, payment.Refunding, 500)
	if o, err := (payment.Call{Payment: dead}).Do(t.Context(), other, noon); !errors.Is(err, payment.ErrImpossible) {
		t.Errorf("where a cancellation waits for it: %+v, %v, want ErrImpossible", o, err)
	}
}

func TestG2_AnotherAmountOfACreditIsImpossible(t *testing.T) {
	t.Parallel()
	for _, is := range []payment.State{payment.Captured, payment.Refunding} {
		p := under(t, is, 500)
		o := credited(501)
		if r, err := payment.NewSaga().Settle(p, o, noon); !errors.Is(err, payment.ErrImpossible) || r.Changed {
			t.Errorf("%s: %+v, %v, want ErrImpossible", is, r, err)
		}
	}
}

func TestACreditNeedsWhatIsCaptured(t *testing.T) {
	t.Parallel()
	for _, is := range states() {
		if is == payment.Captured {
			continue
		}
		if r, err := payment.NewSaga().Ask(in(is), ask(1), noon); !errors.Is(err, payment.ErrNothingCaptured) || r.Changed || r.Call != nil {
			t.Errorf("%q: %+v, %v, want ErrNothingCaptured", is, r, err)
		}
	}
	wrong := ask(1)
	wrong.Currency = "USD"
	if _, err := payment.NewSaga().Ask(in(payment.Captured), wrong, noon); !errors.Is(err, payment.ErrOtherCurrency) {
		t.Errorf("in another currency: %v", err)
	}
	if _, err := payment.NewSaga().Ask(in(payment.Captured), ask(amount+1), noon); !errors.Is(err, payment.ErrTooMuch) {
		t.Errorf("one more than was captured: %v", err)
	}
}

// G1: the clock calls a credit again that has no outcome, and tells one again
// that was given, for as long as streams keep it and no longer.
func TestG1_TheClockRemindsOfCredits(t *testing.T) {
	t.Parallel()
	p := under(t, payment.Captured, 500)
	if r := p.Remind(p.Credit, noon); r.Call != nil || r.Credit.ID != "" {
		t.Errorf("too early: %+v", r)
	}
	late := noon.Add(30 * time.Second)
	if r := p.Remind(p.Credit, late); r.Call == nil || r.Call.Key() != orderID+":refund:"+creditID || !r.Credit.DueAt.After(late) {
		t.Errorf("no outcome after %s: %+v, want it called again", late.Sub(noon), r)
	}
	r, err := payment.NewSaga().Settle(p, credited(500), noon)
	if err != nil {
		t.Fatal(err)
	}
	p, c, told := r.Payment, r.Credit, 0
	now := noon
	for ; !c.DueAt.IsZero(); told++ {
		now = c.DueAt
		r = p.Remind(c, now)
		if !reflect.DeepEqual(r.Says, saysCredited(500)) || r.Call != nil || r.Changed {
			t.Fatalf("told %d times: %+v", told, r)
		}
		c = r.Credit
	}
	if days := now.Sub(noon).Hours() / 24; told != 14 || days < 2 || days > 7 {
		t.Errorf("told again %d times, the last after %.1f days", told, days)
	}
	if r := p.Again(c, now); !reflect.DeepEqual(r.Says, saysCredited(500)) {
		t.Errorf("asked for again by a person: %+v, want it told", r)
	}
}

func TestACreditIsChecked(t *testing.T) {
	t.Parallel()
	if err := ask(1).Check(); err != nil {
		t.Error(err)
	}
	if err := ask(0).Check(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*payment.AskCredit){
		"body.amount_minor": func(a *payment.AskCredit) { a.AmountMinor = -1 },
		"body.currency":     func(a *payment.AskCredit) { a.Currency = "eur" },
		"body.why":          func(a *payment.AskCredit) { a.Why = " \t" },
		"body.by":           func(a *payment.AskCredit) { a.By = "" },
	} {
		a := ask(1)
		change(&a)
		var refusal payment.Refusal
		if err := a.Check(); !errors.As(err, &refusal) || len(refusal) != 1 || refusal[0].Location != want {
			t.Errorf("%s: %v", want, err)
		}
	}
	long := ask(1)
	long.Why = strings.Repeat("x", 501)
	if long.Check() == nil {
		t.Error("501 characters were taken")
	}
}
