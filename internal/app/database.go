package app

import (
	"fmt"

	"orderly/pkg/sqldb"

	inventorystore "orderly/inventory/sqlstore"
	orderstore "orderly/order/sqlstore"
	"orderly/payment/gateway"
	paymentstore "orderly/payment/sqlstore"
)

// Schema is what the database of a service holds when the service runs apart:
// the simulated gateway's ledger then lies beside the payments.
func Schema(service string) (sqldb.Schema, error) {
	switch service {
	case OrderService:
		return orderstore.Schema(), nil
	case InventoryService:
		return inventorystore.Schema(), nil
	case PaymentService:
		s := paymentstore.Schema()
		s.Tables = append(s.Tables, gateway.Tables())
		return s, nil
	}
	return sqldb.Schema{}, fmt.Errorf("%q is no service: use %s, %s or %s", service, OrderService, InventoryService, PaymentService)
}
