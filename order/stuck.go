package order

// The services that an order waits for.
const (
	ForInventory = "inventory"
	ForPayment   = "payment"
)

// WaitsFor lists the services whose answer the order misses, as far as it knows:
// one that it has not heard of may have answered, and the answer been lost.
func (o Order) WaitsFor() []string {
	switch {
	case o.Closed():
		return nil
	case o.Status == Pending, o.Status == Confirmed:
		return []string{ForInventory}
	case o.Status == Reserved:
		return []string{ForPayment}
	}
	var missing []string
	if !o.StockSettled {
		missing = append(missing, ForInventory)
	}
	if !o.PaymentSettled {
		missing = append(missing, ForPayment)
	}
	return missing
}
