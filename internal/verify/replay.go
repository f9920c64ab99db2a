package verify

import (
	"errors"
	"fmt"
	"reflect"

	"orderly/events"
	"orderly/internal/audit"
	"orderly/order"
)

// replay tells an order's history to the domain again, entry by entry, and
// compares what comes out with what is stored.
func replay(o *audit.Order) *fault {
	r := replaying{order: o, saga: order.NewSaga(), policy: order.Policy{Deadline: o.Deadline.Sub(o.CreatedAt)}}
	for i, entry := range o.History {
		if entry.N != i+1 {
			return historyFault("entry %d is missing", i+1)
		}
		if err := r.entry(i, entry); err != nil {
			return historyFault("entry %d, %s: %v", entry.N, entry.Name, err)
		}
	}
	switch {
	case o.Entries != len(o.History):
		return historyFault("it should have %d entries, it has %d", o.Entries, len(o.History))
	case len(r.owed) > 0:
		return historyFault("%s should follow the last entry", r.owed[0].EventName())
	}
	return differs(r.now, stored(o))
}

func historyFault(format string, args ...any) *fault {
	return &fault{InAgreement, "history", "its history does not lead to its state: " + fmt.Sprintf(format, args...)}
}

// replaying is a history on its way through the domain.
type replaying struct {
	order  *audit.Order
	saga   order.Saga
	policy order.Policy
	now    order.Order
	owed   []events.Event // what the order said and the history has yet to show
}

func (r *replaying) entry(i int, e audit.Entry) error {
	payload, err := decode(e)
	if err != nil {
		return err
	}
	if payload.Order() != r.order.ID {
		return fmt.Errorf("it is about order %s", payload.Order())
	}
	if len(r.owed) == 0 {
		if err := r.tell(i, e, payload); err != nil {
			return err
		}
		if !own(e.Name) {
			return nil // it was heard; what was said to it comes next
		}
	}
	if len(r.owed) == 0 || !reflect.DeepEqual(r.owed[0], payload) {
		return errors.New("that is not what the order had to say")
	}
	r.owed = r.owed[1:]
	return nil
}

// tell repeats what led to an entry.
func (r *replaying) tell(i int, e audit.Entry, payload events.Event) error {
	var result order.Result
	var err error
	created, places := payload.(events.OrderCreatedV2)
	switch {
	case places != (i == 0):
		return errors.New("a history begins with orders.created, and only there")
	case places:
		result = r.place(created)
	case own(e.Name) && e.Cause == order.CauseRequest:
		result, err = r.policy.Cancel(r.now, e.At)
	case own(e.Name) && e.Cause == order.CauseClock:
		result = r.policy.Tick(r.now, order.Tick{}, e.At)
	default:
		result, err = r.saga.Hear(r.now, payload, e.At, r.policy)
	}
	if err != nil {
		return err
	}
	if !result.Changed {
		return fmt.Errorf("nothing changes by it while the order is %s", r.now.Status)
	}
	r.now, r.owed = result.Order, result.Says
	return nil
}

func (r *replaying) place(c events.OrderCreatedV2) order.Result {
	return r.policy.Place(order.Place{
		ID:         r.order.ID,
		CustomerID: r.order.CustomerID,
		Currency:   r.order.Currency,
		Request:    order.RequestOf(c),
	}, r.order.CreatedAt)
}

// own reports whether an event is one that orders say, not one that they hear.
func own(event string) bool {
	switch event {
	case events.NameOrderCreated, events.NameOrderConfirmed, events.NameOrderCancelled:
		return true
	}
	return false
}

func decode(e audit.Entry) (events.Event, error) {
	for _, v := range events.Catalog() {
		if v.Name == e.Name && v.Version == e.Version {
			payload, err := v.Decode([]byte(e.Data))
			if err != nil {
				return nil, err
			}
			return events.Newest(payload)
		}
	}
	return nil, fmt.Errorf("this build cannot read version %d of it", e.Version)
}

// differs names the first thing in which two orders differ.
func differs(replayed, stored order.Order) *fault {
	for _, field := range []struct {
		name      string
		got, want any
	}{
		{"status", stored.Status, replayed.Status},
		{"reason", stored.Reason, replayed.Reason},
		{"total", stored.TotalMinor, replayed.TotalMinor},
		{"priced", stored.Priced, replayed.Priced},
		{"stock settled", stored.StockSettled, replayed.StockSettled},
		{"payment settled", stored.PaymentSettled, replayed.PaymentSettled},
		{"given back by hand", stored.CreditedMinor(), replayed.CreditedMinor()},
		{"last progress", stored.UpdatedAt.Format(timeFormat), replayed.UpdatedAt.Format(timeFormat)},
	} {
		if field.got != field.want {
			return historyFault("%s is %v, it should be %v", field.name, field.got, field.want)
		}
	}
	return nil
}
