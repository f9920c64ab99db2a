package events

// The reasons for which inventory rejects an order, and for which an order is cancelled. Only cancelled orders have
// the last three. The schemas list them; a reader of version 1 never meets another.
const (
	ReasonOutOfStock       = "out_of_stock"      // there is less in stock than the order asks for
	ReasonUnknownProduct   = "unknown_product"   // a product is not in the catalogue
	ReasonPriceChanged     = "price_changed"     // the total is not the one that the customer was shown
	ReasonCurrencyMismatch = "currency_mismatch" // a product is priced in another currency than the order's
	ReasonTotalTooLarge    = "total_too_large"   // the total does not fit the largest amount, 2^53-1 minor units

	ReasonPaymentDeclined = "payment_declined" // the gateway refused the charge
	ReasonCustomer        = "customer"         // the customer asked for it
	ReasonTimedOut        = "timed_out"        // the deadline of the order passed
)
