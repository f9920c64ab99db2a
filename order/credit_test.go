package order_test

import (
	"errors"
	"testing"
	"time"

	"orderly/events"
	"orderly/order"
)

const creditID = "01946f5e-0000-8000-8000-0000000000c1"

// G2: credits are heard once each, in any order, and never of more than the
// order cost.
func TestG2_CreditsAddUp(t *testing.T) {
	t.Parallel()
	saga, policy := order.NewSaga(), order.DefaultPolicy()
	credited := func(id string, minor int64, currency string) events.Event {
		return events.PaymentCredited{OrderID: orderID, CreditID: id, Currency: currency, AmountMinor: minor}
	}
	o := orders()["confirmed, closed"]
	for _, e := range []events.Event{credited("a", 500, "EUR"), credited("b", 750, "EUR"), credited("a", 500, "EUR")} {
		r, err := saga.Hear(o, e, noon, policy)
		if err != nil {
			t.Fatal(err)
		}
		o = r.Order
	}
	if o.CreditedMinor() != total || !o.Closed() || o.Status != order.Confirmed {
		t.Errorf("credited %d: %+v", o.CreditedMinor(), o)
	}
	for _, e := range []events.Event{credited("c", 1, "EUR"), credited("c", 1, "USD")} {
		if r, err := saga.Hear(o, e, noon, policy); !errors.Is(err, order.ErrImpossible) || r.Changed || r.Order.CreditedMinor() != total {
			t.Errorf("%+v: %+v, %v, want ErrImpossible", e, r, err)
		}
	}
}

func TestRetryAnnouncesAtOnce(t *testing.T) {
	t.Parallel()
	policy := order.DefaultPolicy()
	for is, o := range orders() {
		o.Redrives, o.NextRedrive = 9, noon.Add(time.Hour)
		r, err := policy.Retry(o, 0, noon)
		if o.Closed() {
			if !errors.Is(err, order.ErrClosed) || len(r.Repeats)+len(r.Says) != 0 {
				t.Errorf("%s: %+v, %v, want ErrClosed", is, r, err)
			}
			continue
		}
		if err != nil || len(r.Repeats) != 1 || len(r.Says) != 0 || r.Changed || r.Order.NextRedrive.After(noon.Add(2*policy.RedriveFirst)) {
			t.Errorf("%s: %+v, %v, want it announced, and again before long", is, r, err)
		}
	}
	late := orders()["reserved"]
	r, err := policy.Retry(late, 0, late.Deadline)
	if err != nil || r.Order.Reason != events.ReasonTimedOut {
		t.Errorf("past its deadline: %+v, %v, want it cancelled", r, err)
	}
}

func TestActionsAreChecked(t *testing.T) {
	t.Parallel()
	for want, a := range map[string]order.Action{
		"":         {Kind: order.ActionRetry, By: "ann"},
		"body.by":  {Kind: order.ActionRetry, Why: "w"},
		"body.why": {Kind: order.ActionCancel, By: "ann"},
	} {
		var refusal order.Refusal
		switch err := a.Check(); {
		case want == "" && err != nil:
			t.Errorf("%+v: %v", a, err)
		case want != "" && (!errors.As(err, &refusal) || len(refusal) != 1 || refusal[0].Location != want):
			t.Errorf("%+v: %v, want a problem at %s", a, err, want)
		}
	}
}
