package order_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"orderly/events"
	"orderly/order"
)

func TestTickSaysWhatTheChainNeeds(t *testing.T) {
	t.Parallel()
	created, confirmed, cancelled := events.NameOrderCreated, events.NameOrderConfirmed, events.NameOrderCancelled
	for is, want := range map[string]string{
		"pending":                       created,
		"reserved":                      created,
		"confirmed":                     confirmed,
		"confirmed, unpriced":           created,
		"confirmed, unpriced, sold":     created,
		"confirmed, closed":             "",
		"cancelled":                     cancelled,
		"cancelled, stock is back":      cancelled,
		"cancelled, money is back":      cancelled,
		"cancelled, closed":             "",
		"cancelled, closed by rejected": "",
	} {
		o := orders()[is]
		got := order.DefaultPolicy().Tick(o, order.Tick{}, o.NextRedrive)
		said := ""
		if len(got.Repeats) == 1 {
			said = got.Repeats[0].EventName()
		}
		if said != want || len(got.Repeats) > 1 || len(got.Says) > 0 || got.Changed {
			t.Errorf("%s: repeats %v, says %v, changed %t, want %q repeated and no change", is, got.Repeats, got.Says, got.Changed, want)
		}
		if got.Order.Status != o.Status || got.Order.UpdatedAt != o.UpdatedAt {
			t.Errorf("%s: an announcement is no progress, but the order is %+v", is, got.Order)
		}
	}
}

func TestDeadlineCancelsWhatHasNotEnded(t *testing.T) {
	t.Parallel()
	policy := order.DefaultPolicy()
	for is, o := range orders() {
		o.NextRedrive = o.Deadline.Add(time.Hour)
		early := policy.Tick(o, order.Tick{}, o.Deadline.Add(-1))
		if !reflect.DeepEqual(early, order.Result{Order: o}) {
			t.Errorf("%s: before its deadline it became %+v", is, early)
		}
		got := policy.Tick(o, order.Tick{}, o.Deadline)
		if o.Ended() {
			if !reflect.DeepEqual(got, order.Result{Order: o}) {
				t.Errorf("%s: it has ended, but the deadline made it %+v", is, got)
			}
			continue
		}
		want := cancellation(t, o, events.ReasonTimedOut)
		if got.Order.Status != order.Cancelled || !got.Changed || !reflect.DeepEqual(append(got.Repeats, got.Says...), want) {
			t.Errorf("%s: at its deadline it became %+v", is, got)
		}
	}
}

// Each lane has its own deadline.
func TestDeadlineOfALane(t *testing.T) {
	t.Parallel()
	both := order.Policy{Deadline: time.Hour, ExpressDeadline: time.Minute}
	for _, c := range []struct {
		policy order.Policy
		lane   string
		want   time.Duration
	}{
		{both, order.Standard, time.Hour},
		{both, order.Express, time.Minute},
		{order.Policy{Deadline: time.Hour}, order.Express, time.Hour},
		{order.DefaultPolicy(), order.Standard, 15 * time.Minute},
		{order.DefaultPolicy(), order.Express, 15 * time.Minute},
	} {
		if got := c.policy.Place(order.Place{Lane: c.lane}, noon).Order.Deadline; !got.Equal(noon.Add(c.want)) {
			t.Errorf("%+v: an %s order has until %s, want %s", c.policy, c.lane, got, noon.Add(c.want))
		}
	}
}

// cancellation is what an order says when it is cancelled. G5: a pending one may
// never have been announced, and nobody announces it later.
func cancellation(t *testing.T, o order.Order, reason string) []events.Event {
	t.Helper()
	end := events.OrderCancelled{OrderID: orderID, Reason: reason}
	if o.Status != order.Pending {
		return []events.Event{end}
	}
	placed := order.DefaultPolicy().Place(order.Place{ID: o.ID, CustomerID: o.CustomerID, Currency: o.Currency, Request: o.Request}, noon)
	return append(placed.Says, end)
}

func TestCancelByTheCustomer(t *testing.T) {
	t.Parallel()
	for is, o := range orders() {
		got, err := order.DefaultPolicy().Cancel(o, noon)
		unchanged := reflect.DeepEqual(got, order.Result{Order: o})
		switch o.Status {
		case order.Confirmed:
			if !errors.Is(err, order.ErrTooLate) || !unchanged {
				t.Errorf("%s: got %+v, %v, want it unchanged and ErrTooLate", is, got, err)
			}
		case order.Cancelled:
			if err != nil || !unchanged {
				t.Errorf("%s: got %+v, %v, want it unchanged", is, got, err)
			}
		default:
			want := cancellation(t, o, events.ReasonCustomer)
			if err != nil || got.Order.Status != order.Cancelled || got.Order.Closed() || !got.Changed || !reflect.DeepEqual(append(got.Repeats, got.Says...), want) {
				t.Errorf("%s: got %+v, %v, want it cancelled but not closed", is, got, err)
			}
		}
	}
}

func TestDueIsWhenTickHasSomethingToSay(t *testing.T) {
	t.Parallel()
	policy := order.DefaultPolicy()
	for is, o := range orders() {
		for _, next := range []time.Time{o.Deadline.Add(-time.Minute), o.Deadline.Add(time.Minute)} {
			o.NextRedrive = next
			due := o.Due()
			if due.IsZero() != o.Closed() {
				t.Errorf("%s: due %v, closed %t", is, due, o.Closed())
			}
			if due.IsZero() {
				continue
			}
			if early := policy.Tick(o, order.Tick{}, due.Add(-1)); len(early.Repeats)+len(early.Says) != 0 {
				t.Errorf("%s: tells %+v before it is due", is, early)
			}
			if now := policy.Tick(o, order.Tick{}, due); len(now.Repeats)+len(now.Says) == 0 {
				t.Errorf("%s: tells nothing when it is due", is)
			}
		}
	}
}

// TestRedriveBacksOff follows an order that nobody answers: from the first
// patience the pauses double up to the longest, each spread over its upper half.
func TestRedriveBacksOff(t *testing.T) {
	t.Parallel()
	policy := order.DefaultPolicy()
	for _, jitter := range []float64{0, 0.5, 0.999999} {
		o := orders()["cancelled"]
		o.Redrives, o.NextRedrive = 0, noon
		full := policy.RedriveFirst
		for n := 1; n <= 10_000; n++ {
			now := o.NextRedrive
			got := policy.Tick(o, order.Tick{Jitter: jitter}, now)
			full = min(2*full, policy.RedriveMax)
			pause, want := got.Order.NextRedrive.Sub(now), full/2+time.Duration(jitter*float64(full/2))
			if pause != want || pause < full/2 || pause >= full {
				t.Fatalf("announcement %d with jitter %v: pause %v, want %v in [%v, %v)", n, jitter, pause, want, full/2, full)
			}
			if got.Order.Redrives != n || len(got.Repeats) != 1 {
				t.Fatalf("announcement %d: counted %d, said %v", n, got.Order.Redrives, got.Repeats)
			}
			o = got.Order
		}
	}
}

func TestProgressStartsThePatienceAnew(t *testing.T) {
	t.Parallel()
	policy := order.DefaultPolicy()
	o := placed().Order
	if want := noon.Add(policy.RedriveFirst); o.NextRedrive != want || o.Redrives != 0 {
		t.Fatalf("a placed order is announced at %v after %d announcements, want %v and none", o.NextRedrive, o.Redrives, want)
	}
	o = policy.Tick(o, order.Tick{}, o.NextRedrive).Order
	later := o.NextRedrive.Add(time.Second)
	moved, err := order.NewSaga().Hear(o, heard()[events.NameInventoryReserved], later, policy)
	if err != nil {
		t.Fatal(err)
	}
	if want := later.Add(policy.RedriveFirst); moved.Order.NextRedrive != want || moved.Order.Redrives != 0 {
		t.Errorf("after progress: announced at %v after %d, want %v and none", moved.Order.NextRedrive, moved.Order.Redrives, want)
	}
}

// TestTwoReplicasAnnounceOnce tells an order the same time twice, as two
// replicas do one after the other.
func TestTwoReplicasAnnounceOnce(t *testing.T) {
	t.Parallel()
	policy := order.DefaultPolicy()
	for _, tick := range []order.Tick{{}, {Now: true}} {
		o := placed().Order
		now := o.NextRedrive
		first := policy.Tick(o, tick, now)
		second := policy.Tick(first.Order, tick, now)
		if len(first.Repeats) != 1 || !reflect.DeepEqual(second, order.Result{Order: first.Order}) {
			t.Errorf("%+v: said %v, then %+v", tick, first.Repeats, second)
		}
	}
}

// TestAStartAnnouncesWhatMayNotHaveBeenPublished is Tick.Now: at once, but only
// what was not announced since its last progress.
func TestAStartAnnouncesWhatMayNotHaveBeenPublished(t *testing.T) {
	t.Parallel()
	o := placed().Order
	policy := order.DefaultPolicy()
	if got := policy.Tick(o, order.Tick{}, noon); len(got.Repeats) != 0 {
		t.Errorf("announced ahead of its time: %v", got.Repeats)
	}
	if got := policy.Tick(o, order.Tick{Now: true}, noon); len(got.Repeats) != 1 {
		t.Errorf("a start announced %v, want orders.created", got.Repeats)
	}
	o.Redrives = 1
	if got := policy.Tick(o, order.Tick{Now: true}, noon); len(got.Repeats) != 0 {
		t.Errorf("a start announced %v again", got.Repeats)
	}
}

// TestRedriveWaitsForThoseWhoAreBehind is Tick.Horizon: an order that moved
// later than the others have heard is on its way, unless its deadline passed.
func TestRedriveWaitsForThoseWhoAreBehind(t *testing.T) {
	t.Parallel()
	policy := order.DefaultPolicy()
	for is, o := range orders() {
		if o.Closed() {
			continue
		}
		now := o.NextRedrive
		for _, tick := range []order.Tick{{}, {Now: true}} {
			tick.Horizon = o.UpdatedAt.Add(-1)
			held := o
			held.NextRedrive = now.Add(policy.RedriveFirst)
			if got := policy.Tick(o, tick, now); !reflect.DeepEqual(got, order.Result{Order: held}) {
				t.Errorf("%s, others have not heard of it: became %+v, want it held back", is, got)
			}
			tick.Horizon = o.UpdatedAt
			if got := policy.Tick(o, tick, now); len(got.Repeats) != 1 {
				t.Errorf("%s, others have heard of it: said %v, want it announced", is, got.Repeats)
			}
			tick.Horizon = o.UpdatedAt.Add(-1)
			if got := policy.Tick(o, tick, o.Deadline); got.Changed == o.Ended() {
				t.Errorf("%s, at its deadline, others have not heard of it: became %+v", is, got)
			}
		}
	}
}

func TestPolicy_Validate(t *testing.T) {
	t.Parallel()
	if err := order.DefaultPolicy().Validate(); err != nil {
		t.Errorf("the default policy is refused: %v", err)
	}
	for name, p := range map[string]order.Policy{
		"zero":                {},
		"no deadline":         {RedriveFirst: 1, RedriveMax: 1},
		"negative express":    {Deadline: 1, ExpressDeadline: -1, RedriveFirst: 1, RedriveMax: 1},
		"no pause":            {Deadline: 1, RedriveMax: 1},
		"longest below first": {Deadline: 1, RedriveFirst: 2, RedriveMax: 1},
	} {
		if err := p.Validate(); err == nil {
			t.Errorf("%s: the policy is accepted", name)
		}
	}
}
