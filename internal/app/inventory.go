package app

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"orderly/events"
	"orderly/inventory/httpapi"
	"orderly/inventory/sqlstore"
	"orderly/order"
	"orderly/pkg/engine"
	"orderly/pkg/natsbus"
)

// NewInventory wires the inventory service. Its database must have been
// migrated.
func NewInventory(d Deps) (*Service, error) {
	store := sqlstore.New(d.DB)
	s, err := newService(InventoryService, d, store,
		[]reads{{StreamOrders, "orders.*"}},
		func(c *engine.Config) { c.Weigh = weigh })
	if err != nil {
		return nil, err
	}
	s.Feeds = InventoryAudit(d)
	s.Routes = func(api huma.API) {
		httpapi.Register(api, httpapi.Service{Engine: s.Engine, Products: store})
	}
	return s, nil
}

// MigrateInventory makes or updates the inventory service's tables.
func MigrateInventory(ctx context.Context, d Deps) error { return sqlstore.Migrate(ctx, d.DB) }

func inventoryReads(d Deps) []natsbus.Consumer {
	return consumers(InventoryService, d, reads{StreamOrders, "orders.*"})
}

// weigh counts the lines that an input brings along, which is what it costs.
func weigh(body any) int {
	switch b := body.(type) {
	case order.Place:
		return len(b.Request.Items)
	case events.OrderCreated:
		return len(b.Items)
	case events.InventoryReserved:
		return len(b.Items)
	}
	return 1
}
