package app

import (
	"github.com/danielgtaylor/huma/v2"

	"orderly/inventory/httpapi"
	"orderly/inventory/sqlstore"
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
	s.figures.ask = stock(store)
	s.Feeds = InventoryAudit(d)
	api := httpapi.Service{Engine: s.Engine, Products: store}
	s.Routes = func(to huma.API) { httpapi.Register(to, api) }
	s.answers = map[string]answer{"stock": api.Stock}
	return s, nil
}

func inventoryHears() []reads { return []reads{{StreamOrders, "orders.*"}} }
