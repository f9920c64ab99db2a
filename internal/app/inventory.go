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
	s.Routes = func(api huma.API) {
		httpapi.Register(api, httpapi.Service{Engine: s.Engine, Products: store})
	}
	return s, nil
}

func inventoryHears() []reads { return []reads{{StreamOrders, "orders.*"}} }
