package app

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"orderly/events"
	"orderly/inventory/httpapi"
	"orderly/inventory/sqlstore"
	"orderly/order"
	"orderly/pkg/engine"
)

// NewInventory wires the inventory service. Its database must have been
// migrated.
func NewInventory(d Deps) (*Service, error) {
	store := sqlstore.New(d.DB)
	s, err := newService(InventoryService, d, store, inventoryHears(),
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

func inventoryHears() []reads { return []reads{{StreamOrders, "orders.*"}} }

// endWeight stands for the lines of a reservation that ends: how many there are
// is known only once it is loaded.
const endWeight = 16

// weigh counts the lines that an input brings along or makes the service load,
// which is what it costs. It bounds a batch's bytes too, since a line has few.
func weigh(body any) int {
	switch b := body.(type) {
	case order.Place:
		return len(b.Request.Items)
	case events.OrderCreated:
		return len(b.Items)
	case events.InventoryReserved:
		return len(b.Items)
	case events.OrderConfirmed, events.OrderCancelled:
		return endWeight
	}
	return 1
}
