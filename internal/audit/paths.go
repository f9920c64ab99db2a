package audit

// Where the feeds are served. The order service has the first three, the
// payment service the last two.
const (
	PathOrders    = "/v1/audit/orders"
	PathOpen      = "/v1/audit/open"
	PathEvents    = "/v1/audit/events"
	PathInventory = "/v1/audit/inventory"
	PathPayments  = "/v1/audit/payments"
	PathCharges   = "/v1/audit/charges"
)
