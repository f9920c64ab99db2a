package app

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"orderly/order"
	"orderly/order/httpapi"
	"orderly/order/sqlstore"
	"orderly/pkg/engine"
)

// The services' names. They are the sources of their events and never change.
const (
	OrderService     = "order"
	InventoryService = "inventory"
	PaymentService   = "payment"
)

const clockInterval = time.Second

// NewOrder wires the order service. Its database must have been migrated.
func NewOrder(d Deps, policy order.Policy) (*Service, error) {
	if err := policy.Validate(); err != nil {
		return nil, err
	}
	watchers := newWatchers()
	counted := newOrderMetrics(d.Metrics)
	store := sqlstore.New(d.DB, sqlstore.Config{
		Policy:   policy,
		Registry: d.Registry,
		Committed: func(before, after order.Order) {
			counted.observe(before, after)
			watchers.notify(after.ID)
		},
	})
	far := horizon{js: d.Bus.JetStream(), hearings: everything()}
	clock := store.NewClock(far.Lag)
	s, err := newService(OrderService, d, store, orderHears(),
		func(c *engine.Config) {
			c.Timers = []engine.Timer{{Every: clockInterval, Due: clock.Due}}
			c.Weigh = weigh
		})
	if err != nil {
		return nil, err
	}
	s.custody.found = clock.BrokerLost
	s.figures.ask = openOrders(store)
	s.Feeds = OrderAudit(d)
	api := httpapi.Service{Engine: s.Engine, Orders: store, Watch: watchers.watch, Channels: far.Channels}
	s.Routes = func(to huma.API) { httpapi.Register(to, api) }
	s.answers = map[string]answer{"status": func(ctx context.Context, id string) (any, error) { return api.Status(ctx, id) }}
	return s, nil
}

func orderHears() []reads {
	return []reads{{StreamInventory, "inventory.*"}, {StreamPayments, "payments.*"}}
}
