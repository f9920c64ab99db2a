package app

import (
	"github.com/danielgtaylor/huma/v2"

	"orderly/payment/gateway"
	"orderly/payment/httpapi"
	"orderly/payment/sqlstore"
)

// NewPayment wires the payment service with the simulated gateway. Its
// database must have been migrated.
func NewPayment(d Deps, g *gateway.Simulated) (*Service, error) {
	store := sqlstore.New(d.DB, g)
	s, err := newService(PaymentService, d, store, paymentHears(), nil)
	if err != nil {
		return nil, err
	}
	s.Feeds = PaymentAudit(d, g)
	s.Routes = func(api huma.API) {
		httpapi.Register(api, httpapi.Service{Payments: store, Gateway: g})
	}
	return s, nil
}

func paymentHears() []reads {
	return []reads{{StreamInventory, "inventory.reserved"}, {StreamOrders, "orders.cancelled"}}
}
