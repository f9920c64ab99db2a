package model

import (
	"context"
	"time"

	"orderly/events"
	"orderly/inventory"
	"orderly/order"
	"orderly/payment"
)

// The instant at which everything happens. What is old is older by a constant.
var noon = time.Date(2025, 1, 1, 12, 0, 0, 0, time.UTC)

// machines are the deciders that the world is made of.
type machines struct {
	order     func(order.Order, events.Event) (order.Result, error)
	tick      func(order.Order) order.Result
	inventory func(inventory.Reservation, events.Event, inventory.Stock) (inventory.Result, error)
	payment   func(payment.Payment, events.Event) (payment.Result, error)
	settle    func(payment.Payment, payment.Outcome) (payment.Result, error)
	ask       func(payment.Payment, payment.AskCredit) (payment.Result, error)
	call      func(payment.Call, payment.Gateway) (payment.Outcome, error)
}

// shipped gives the machines as they are built into the services.
func shipped() machines {
	return assemble(order.NewSaga(), inventory.NewSaga(), payment.NewSaga())
}

func assemble(o order.Saga, i inventory.Saga, p payment.Saga) machines {
	policy := order.DefaultPolicy()
	return machines{
		order: func(v order.Order, e events.Event) (order.Result, error) {
			return o.Hear(v, e, noon, policy)
		},
		tick: func(v order.Order) order.Result {
			return policy.Tick(v, order.Tick{}, noon)
		},
		inventory: func(v inventory.Reservation, e events.Event, s inventory.Stock) (inventory.Result, error) {
			return i.Hear(v, e, s, noon)
		},
		payment: func(v payment.Payment, e events.Event) (payment.Result, error) {
			return p.Hear(v, e, noon)
		},
		settle: func(v payment.Payment, out payment.Outcome) (payment.Result, error) {
			return p.Settle(v, out, noon)
		},
		ask: func(v payment.Payment, a payment.AskCredit) (payment.Result, error) {
			return p.Ask(v, a, noon)
		},
		call: func(c payment.Call, g payment.Gateway) (payment.Outcome, error) {
			return c.Do(context.Background(), g, noon)
		},
	}
}
