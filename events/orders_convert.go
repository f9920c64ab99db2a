package events

// UpgradeOrderCreated says in version 2 what version 1 says: nothing is known of the channel, of the customer's country
// and of the prices that were shown.
func UpgradeOrderCreated(v OrderCreated) OrderCreatedV2 {
	items := make([]ItemV2, len(v.Items))
	for i, it := range v.Items {
		items[i] = ItemV2{ProductID: it.ProductID, Quantity: it.Quantity}
	}
	return OrderCreatedV2{
		OrderID:            v.OrderID,
		Customer:           CustomerV2{ID: v.CustomerID},
		Currency:           v.Currency,
		PaymentMethod:      v.PaymentMethod,
		Items:              items,
		ExpectedTotalMinor: v.ExpectedTotalMinor,
		Metadata:           v.Metadata,
	}
}

// DowngradeOrderCreatedV2 says in version 1 what it can say of version 2.
func DowngradeOrderCreatedV2(v OrderCreatedV2) OrderCreated {
	items := make([]Item, len(v.Items))
	for i, it := range v.Items {
		items[i] = Item{ProductID: it.ProductID, Quantity: it.Quantity}
	}
	return OrderCreated{
		OrderID:            v.OrderID,
		CustomerID:         v.Customer.ID,
		Currency:           v.Currency,
		PaymentMethod:      v.PaymentMethod,
		Items:              items,
		ExpectedTotalMinor: v.ExpectedTotalMinor,
		Metadata:           v.Metadata,
	}
}
