package model

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"orderly/events"
	"orderly/inventory"
	"orderly/order"
	"orderly/payment"
)

// TestG1_G2_G3_EveryRowIsNeeded takes the cells of the three tables away one at
// a time: the checker has to find what each of them is for.
func TestG1_G2_G3_EveryRowIsNeeded(t *testing.T) {
	t.Parallel()
	for name, m := range withoutOneCell() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if found := anyFault(m); found == nil {
				t.Error("nothing is wrong without this cell of the table")
			} else {
				t.Log(found)
			}
		})
	}
}

// anyFault looks for what is wrong with machines in worlds of one order.
func anyFault(m machines) *violation {
	for _, s := range settings() {
		if found, _ := newWorld(m, s.setting).explore(); found != nil {
			return found
		}
		for _, day := range calms() {
			if found, _ := newWorld(m, s.setting).calm(day); found != nil {
				return found
			}
		}
	}
	return nil
}

func withoutOneCell() map[string]machines {
	out := make(map[string]machines)
	o, i, p := order.NewSaga(), inventory.NewSaga(), payment.NewSaga()
	for n, row := range o {
		for _, is := range row.Is {
			if onlyRepeats(is, row.Hears) {
				continue // for G5, which is about what was published; the table test of order has it
			}
			less := slices.Clone(o)
			less[n].Is = without(row.Is, is)
			out[cell("order", n, is, row.Hears)] = assemble(less, i, p)
		}
	}
	for n, row := range i {
		for _, is := range row.Is {
			if impossible(is, row.Hears) {
				continue // never reached; the table test of inventory has these
			}
			less := slices.Clone(i)
			less[n].Is = without(row.Is, is)
			out[cell("inventory", n, is, row.Hears)] = assemble(o, less, p)
		}
	}
	for n, row := range p {
		if row.Hears == string(payment.OutcomeCreditDoubted) {
			continue // the model's gateway contradicts nobody; the tests of credits have it
		}
		for _, is := range row.Is {
			less := slices.Clone(p)
			less[n].Is = without(row.Is, is)
			out[cell("payment", n, is, row.Hears)] = assemble(o, i, less)
		}
	}
	return out
}

func cell[S ~string](service string, row int, is S, hears string) string {
	return fmt.Sprintf("%s row %d is %q and hears %s", service, row, string(is), hears)
}

func without[S comparable](all []S, one S) []S {
	return slices.DeleteFunc(slices.Clone(all), func(s S) bool { return s == one })
}

// onlyRepeats reports whether an order does no more than say again what it said
// when it ended.
func onlyRepeats(is order.Status, hears string) bool {
	return is == order.Cancelled && hears == events.NameInventoryRejected
}

// impossible reports whether inventory refuses an event whatever is on the
// shelf.
func impossible(is inventory.State, hears string) bool {
	var e events.Event
	switch hears {
	case events.NameOrderCancelled:
		e = events.OrderCancelled{OrderID: orderID}
	case events.NameOrderConfirmed:
		e = events.OrderConfirmed{OrderID: orderID}
	default:
		return false
	}
	holdsNothing := inventory.Reservation{OrderID: orderID, State: is}
	_, err := inventory.NewSaga().Hear(holdsNothing, e, nil, noon)
	return errors.Is(err, inventory.ErrImpossible)
}
