package order_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"orderly/events"
	"orderly/order"
)

const (
	orderID = "01946f5e-0000-7000-8000-000000000001"
	total   = 1250
)

var noon = time.Date(2025, 1, 1, 12, 0, 0, 0, time.UTC)

// heard gives an event of each name that fits an order of total EUR.
func heard() map[string]events.Event {
	out := make(map[string]events.Event)
	for _, e := range []events.Event{
		events.OrderCreatedV2{OrderID: orderID, Currency: "EUR"},
		events.OrderConfirmed{OrderID: orderID, Currency: "EUR", TotalMinor: total},
		events.OrderCancelled{OrderID: orderID, Reason: events.ReasonCustomer},
		events.InventoryReserved{OrderID: orderID, Currency: "EUR", TotalMinor: total, PaymentMethod: "card"},
		events.InventoryRejected{OrderID: orderID, Reason: events.ReasonOutOfStock},
		events.InventoryReleased{OrderID: orderID},
		events.InventoryCommitted{OrderID: orderID},
		events.PaymentCaptured{OrderID: orderID, ChargeID: "ch_1", Currency: "EUR", AmountMinor: total},
		events.PaymentFailed{OrderID: orderID, Code: "card_declined"},
		events.PaymentRefunded{OrderID: orderID},
		events.PaymentCredited{OrderID: orderID, CreditID: creditID, Currency: "EUR", AmountMinor: 500},
	} {
		out[e.EventName()] = e
	}
	return out
}

// orders gives an order in each of the conditions that the table tells apart.
func orders() map[string]order.Order {
	at := func(change func(*order.Order)) order.Order {
		o := placed().Order
		o.UpdatedAt, o.Redrives = noon.Add(-time.Minute), 3
		change(&o)
		return o
	}
	ended := func(s order.Status, priced, stock, paid bool) order.Order {
		return at(func(o *order.Order) {
			o.Status, o.Priced, o.StockSettled, o.PaymentSettled = s, priced, stock, paid
			if s == order.Cancelled {
				o.Reason = events.ReasonTimedOut
			}
			if o.HasTotal() {
				o.TotalMinor = total
			}
		})
	}
	return map[string]order.Order{
		"pending":                       at(func(*order.Order) {}),
		"reserved":                      ended(order.Reserved, true, false, false),
		"confirmed":                     ended(order.Confirmed, true, false, false),
		"confirmed, unpriced":           ended(order.Confirmed, false, false, false),
		"confirmed, unpriced, sold":     ended(order.Confirmed, false, true, false),
		"confirmed, closed":             ended(order.Confirmed, true, true, false),
		"cancelled":                     ended(order.Cancelled, false, false, false),
		"cancelled, stock is back":      ended(order.Cancelled, false, true, false),
		"cancelled, money is back":      ended(order.Cancelled, true, false, true),
		"cancelled, closed":             ended(order.Cancelled, true, true, true),
		"cancelled, closed by rejected": ended(order.Cancelled, false, true, true),
	}
}

// step is what one cell of the table says: how the order changes and what it
// says.
type step struct {
	change func(*order.Order)
	says   events.Event
}

func becomes(s order.Status) func(*order.Order) { return func(o *order.Order) { o.Status = s } }
func priced(o *order.Order)                     { o.Priced, o.TotalMinor = true, total }
func stock(o *order.Order)                      { o.StockSettled = true }
func money(o *order.Order)                      { o.PaymentSettled = true }

func all(changes ...func(*order.Order)) func(*order.Order) {
	return func(o *order.Order) {
		for _, change := range changes {
			change(o)
		}
	}
}

func because(reason string) func(*order.Order) {
	return func(o *order.Order) { o.Status, o.Reason = order.Cancelled, reason }
}

// table is the saga's table. What is not in it changes nothing; a step without
// a change only says again what was said before.
func table() map[string]map[string]step {
	toldAgain := step{nil, events.OrderCancelled{OrderID: orderID, Reason: events.ReasonTimedOut}}
	confirm := step{all(becomes(order.Confirmed), func(o *order.Order) { o.TotalMinor = total }), events.OrderConfirmed{OrderID: orderID, Currency: "EUR", TotalMinor: total}}
	decline := step{all(because(events.ReasonPaymentDeclined), money), events.OrderCancelled{OrderID: orderID, Reason: events.ReasonPaymentDeclined}}
	credit := step{func(o *order.Order) { o.Credits = []order.Credit{{ID: creditID, AmountMinor: 500}} }, nil}
	reject := step{all(because(events.ReasonOutOfStock), stock, money), events.OrderCancelled{OrderID: orderID, Reason: events.ReasonOutOfStock}}
	cells := map[string]map[string]step{
		"pending": {
			events.NameInventoryReserved: {all(becomes(order.Reserved), priced), nil},
			events.NameInventoryRejected: reject,
			events.NamePaymentCaptured:   confirm,
			events.NamePaymentFailed:     decline,
		},
		"reserved": {
			events.NamePaymentCaptured: confirm,
			events.NamePaymentFailed:   decline,
		},
		"confirmed":                 {events.NameInventoryCommitted: {stock, nil}},
		"confirmed, unpriced":       {events.NameInventoryCommitted: {stock, nil}, events.NameInventoryReserved: {priced, nil}},
		"confirmed, unpriced, sold": {events.NameInventoryReserved: {priced, nil}},
		"cancelled":                 {events.NameInventoryReleased: {stock, nil}, events.NamePaymentRefunded: {money, nil}},
		"cancelled, stock is back":  {events.NamePaymentRefunded: {money, nil}},
		"cancelled, money is back":  {events.NameInventoryReleased: {stock, nil}},

		// G5: the process may have died before the rejected order's end was
		// published, and nobody announces a closed order.
		"cancelled, closed":             {events.NameInventoryRejected: toldAgain},
		"cancelled, closed by rejected": {events.NameInventoryRejected: toldAgain},
	}
	for is := range orders() { // whatever the order is, or has yet to hear
		if cells[is] == nil {
			cells[is] = make(map[string]step)
		}
		cells[is][events.NamePaymentCredited] = credit
	}
	return cells
}

func TestEveryCellOfTheTable(t *testing.T) {
	t.Parallel()
	saga, policy := order.NewSaga(), order.DefaultPolicy()
	for is, o := range orders() {
		for hears, e := range heard() {
			got, err := saga.Hear(o, e, noon, policy)
			if err != nil {
				t.Errorf("%s, hears %s: %v", is, hears, err)
				continue
			}
			want := order.Result{Order: o}
			switch step, found := table()[is][hears]; {
			case !found:
			case step.change == nil:
				want.Repeats = []events.Event{step.says}
			default:
				want = order.Result{Order: o, Changed: true}
				step.change(&want.Order)
				want.Order.UpdatedAt, want.Order.Redrives = noon, 0
				want.Order.NextRedrive = noon.Add(policy.RedriveFirst)
				if step.says != nil {
					want.Says = []events.Event{step.says}
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s, hears %s:\n got %+v\nwant %+v", is, hears, got, want)
			}
		}
	}
}

// TestG4_HearingAnEventAgainChangesNothing is about every cell: the second
// time is silent, but for a rejection, which closes an order at once.
func TestG4_HearingAnEventAgainChangesNothing(t *testing.T) {
	t.Parallel()
	saga, policy := order.NewSaga(), order.DefaultPolicy()
	for is, o := range orders() {
		for hears, e := range heard() {
			once, err := saga.Hear(o, e, noon, policy)
			if err != nil {
				t.Fatalf("%s, hears %s: %v", is, hears, err)
			}
			again, err := saga.Hear(once.Order, e, noon.Add(time.Hour), policy)
			want := order.Result{Order: once.Order}
			if hears == events.NameInventoryRejected && once.Order.Status == order.Cancelled && once.Order.Closed() {
				want.Repeats = []events.Event{events.OrderCancelled{OrderID: orderID, Reason: once.Order.Reason}}
			}
			if err != nil || !reflect.DeepEqual(again, want) {
				t.Errorf("%s, hears %s twice:\n got %+v, %v\nwant %+v", is, hears, again, err, want)
			}
		}
	}
}

func TestG2_AnotherAmountIsImpossible(t *testing.T) {
	t.Parallel()
	captured := func(minor int64, currency string) events.Event {
		return events.PaymentCaptured{OrderID: orderID, ChargeID: "ch_1", Currency: currency, AmountMinor: minor}
	}
	reserved := func(minor int64, currency string) events.Event {
		return events.InventoryReserved{OrderID: orderID, Currency: currency, TotalMinor: minor, PaymentMethod: "card"}
	}
	for _, c := range []struct {
		is string
		e  events.Event
	}{
		{"pending", captured(total, "USD")},
		{"pending", reserved(total, "USD")},
		{"reserved", captured(total-1, "EUR")},
		{"reserved", captured(total, "USD")},
		{"confirmed, unpriced", reserved(total+1, "EUR")},
		{"confirmed, unpriced", reserved(total, "USD")},
	} {
		o := orders()[c.is]
		got, err := order.NewSaga().Hear(o, c.e, noon, order.DefaultPolicy())
		if !errors.Is(err, order.ErrImpossible) {
			t.Errorf("%s, hears %+v: error is %v, want ErrImpossible", c.is, c.e, err)
		}
		if want := (order.Result{Order: o}); !reflect.DeepEqual(got, want) {
			t.Errorf("%s, hears %+v: it was applied: %+v", c.is, c.e, got)
		}
	}
}

// renamed is an event under a name that is not its own.
type renamed struct {
	events.Event
	name string
}

func (r renamed) EventName() string { return r.name }

func TestAForeignPayloadIsImpossible(t *testing.T) {
	t.Parallel()
	for _, name := range []string{events.NameInventoryReserved, events.NameInventoryRejected, events.NamePaymentCaptured} {
		e := renamed{events.InventoryReleased{OrderID: orderID}, name}
		if _, err := order.NewSaga().Hear(placed().Order, e, noon, order.DefaultPolicy()); !errors.Is(err, order.ErrImpossible) {
			t.Errorf("%s with the payload of another event: error is %v, want ErrImpossible", name, err)
		}
	}
}
