package model

import (
	"context"
	"strings"
	"testing"

	"orderly/events"
	"orderly/inventory"
	"orderly/order"
	"orderly/payment"
)

// TestG1_G2_G3_SimplerVariantsAreWrong breaks the design on purpose, as someone
// might who simplifies it: the checker has to say what goes wrong.
func TestG1_G2_G3_SimplerVariantsAreWrong(t *testing.T) {
	t.Parallel()
	for _, variant := range []struct {
		name   string
		change func(*machines)
		breaks string
	}{
		{"charging before the intent is committed", chargeFirst, "G2: cancelled and closed, captured 10, refunded 0"},
		{"answering a cancellation while charging", buryCharging, "G2: cancelled and closed, captured 10, refunded 0"},
		{"a charge that is not found was not made", trustNotFound, "G2: cancelled and closed, captured 10, refunded 0"},
		{"a voided charge is as good as none", forgetVoids, "G2: cancelled and closed, captured 10, refunded 0"},
		{"a charge is repeated under a key that may be forgotten", lookUpUnless(payment.Charging), "G2: captured 2 times"},
		{"a refund is repeated under a key that may be forgotten", lookUpUnless(payment.Refunding), "refused: "},
		{"a rejection is not stored", keepNoRejections, "G3: cancelled and closed, its reservation is held for ever"},
		{"prices are read again for a repeated answer", priceAgain, "reached the impossible: "},
		{"redrive announces the end of an order without prices", announceEndOnly, "G1: never closes"},
		{"a cancelled order is closed when its stock is back", closeOnStock, "G2: cancelled and closed, captured 10, refunded 0"},
		{"a cancellation does not wait for a credit", refundBesideCredit, "refused: "},
		{"a credit is repeated under a key that may be forgotten", neverLookUpCredits, "refused: "},
		{"a credit is called before it is committed", callCreditFirst, "refused: "},
		{"the order does not hear of credits", loseCredits, "G1: never closes"},
		{"payments.captured is not believed while pending", ignoreEarlyCapture, "G1: waits for a redrive"},
	} {
		t.Run(variant.name, func(t *testing.T) {
			t.Parallel()
			m := shipped()
			variant.change(&m)
			found := anyFault(m)
			if found == nil {
				t.Fatal("nothing is wrong with this variant")
			}
			if !strings.HasPrefix(found.what, variant.breaks) {
				t.Errorf("want %q, found %s", variant.breaks, found)
			}
			t.Log(found)
		})
	}
}

func chargeFirst(m *machines) {
	hear, settle := m.payment, m.settle
	m.payment = func(p payment.Payment, e events.Event) (payment.Result, error) {
		r, err := hear(p, e)
		if p.State == payment.None && r.Call != nil {
			r.Payment, r.Changed = p, false
		}
		return r, err
	}
	m.settle = func(p payment.Payment, o payment.Outcome) (payment.Result, error) {
		if p.State == payment.None {
			p.State, p.Currency, p.AmountMinor = payment.Charging, o.Currency, o.AmountMinor
		}
		return settle(p, o)
	}
}

func buryCharging(m *machines) {
	hear := m.payment
	m.payment = func(p payment.Payment, e events.Event) (payment.Result, error) {
		if p.State == payment.Charging && e.EventName() == events.NameOrderCancelled {
			p.State = payment.None
		}
		return hear(p, e)
	}
}

func trustNotFound(m *machines) {
	call := m.call
	m.call = func(c payment.Call, g payment.Gateway) (payment.Outcome, error) {
		if c.Payment.State != payment.ChargingDead {
			return call(c, g)
		}
		charge, found, err := g.FindByOrder(context.Background(), c.Payment.OrderID)
		if err != nil || found && charge.Status == payment.ChargeCaptured {
			return call(c, g)
		}
		return payment.Outcome{OrderID: c.Payment.OrderID, Kind: payment.OutcomeVoided, Code: "voided"}, nil
	}
}

// lookUpUnless makes the calls of one state as if their intents were young.
func lookUpUnless(is payment.State) func(*machines) {
	return func(m *machines) {
		call := m.call
		m.call = func(c payment.Call, g payment.Gateway) (payment.Outcome, error) {
			if c.Payment.State == is {
				c.Payment.IntentAt = noon
			}
			return call(c, g)
		}
	}
}

// forgetfulOfVoids is a gateway whose look-ups do not tell of voided charges.
type forgetfulOfVoids struct{ payment.Gateway }

func (g forgetfulOfVoids) FindByOrder(ctx context.Context, orderID string) (payment.Charge, bool, error) {
	c, found, err := g.Gateway.FindByOrder(ctx, orderID)
	return c, found && c.Status != payment.ChargeVoided, err
}

func forgetVoids(m *machines) {
	call := m.call
	m.call = func(c payment.Call, g payment.Gateway) (payment.Outcome, error) {
		return call(c, forgetfulOfVoids{g})
	}
}

func keepNoRejections(m *machines) {
	hear := m.inventory
	m.inventory = func(r inventory.Reservation, e events.Event, s inventory.Stock) (inventory.Result, error) {
		result, err := hear(r, e, s)
		if result.Reservation.State == inventory.Rejected {
			result.Reservation, result.Changed = r, false
		}
		return result, err
	}
}

func priceAgain(m *machines) {
	hear := m.inventory
	m.inventory = func(r inventory.Reservation, e events.Event, s inventory.Stock) (inventory.Result, error) {
		result, err := hear(r, e, s)
		for i, says := range result.Says {
			if again, ok := says.(events.InventoryReserved); ok {
				p, _ := s(productID)
				again.TotalMinor = p.UnitPriceMinor
				result.Says[i] = again
			}
		}
		return result, err
	}
}

func announceEndOnly(m *machines) {
	tick := m.tick
	m.tick = func(o order.Order) order.Result {
		pretends := o
		pretends.Priced = o.Priced || o.Status == order.Confirmed
		return order.Result{Order: o, Repeats: tick(pretends).Repeats}
	}
}

func closeOnStock(m *machines) {
	hear := m.order
	m.order = func(o order.Order, e events.Event) (order.Result, error) {
		r, err := hear(o, e)
		if e.EventName() == events.NameInventoryReleased {
			r.Order.PaymentSettled = r.Order.StockSettled
		}
		return r, err
	}
}

func ignoreEarlyCapture(m *machines) {
	hear := m.order
	m.order = func(o order.Order, e events.Event) (order.Result, error) {
		if o.Status == order.Pending && e.EventName() == events.NamePaymentCaptured {
			return order.Result{Order: o}, nil
		}
		return hear(o, e)
	}
}

func refundBesideCredit(m *machines) {
	hear := m.payment
	m.payment = func(p payment.Payment, e events.Event) (payment.Result, error) {
		if e.EventName() == events.NameOrderCancelled {
			p.Credit = payment.Credit{}
		}
		return hear(p, e)
	}
}

func neverLookUpCredits(m *machines) {
	call := m.call
	m.call = func(c payment.Call, g payment.Gateway) (payment.Outcome, error) {
		if c.Payment.Credit.ID != "" {
			c.Payment.Credit.At = noon
		}
		return call(c, g)
	}
}

func callCreditFirst(m *machines) {
	ask := m.ask
	m.ask = func(p payment.Payment, a payment.AskCredit) (payment.Result, error) {
		r, err := ask(p, a)
		r.Payment, r.Credit, r.Changed = p, payment.Credit{}, false
		return r, err
	}
}

func loseCredits(m *machines) {
	hear := m.order
	m.order = func(o order.Order, e events.Event) (order.Result, error) {
		if e.EventName() == events.NamePaymentCredited {
			return order.Result{Order: o}, nil
		}
		return hear(o, e)
	}
}
