package inventory

import "orderly/events"

// shelf holds copies of the products that one event touches, in the order in
// which they were first touched, so that a failure leaves nothing behind.
type shelf struct {
	stock    Stock
	index    map[string]int
	products []*Product
}

func newShelf(stock Stock) *shelf {
	return &shelf{stock: stock, index: make(map[string]int)}
}

func (s *shelf) get(id string) (*Product, bool) {
	if i, ok := s.index[id]; ok {
		return s.products[i], true
	}
	p, ok := s.stock(id)
	if !ok {
		return &Product{}, false
	}
	s.index[id] = len(s.products)
	s.products = append(s.products, &p)
	return &p, true
}

func (s *shelf) changed() []Product {
	out := make([]Product, len(s.products))
	for i, p := range s.products {
		out[i] = *p
	}
	return out
}

// refusal is why an order cannot be reserved; the zero value means it can.
type refusal struct {
	reason    string
	productID string
}

// pick takes the items of an order off the shelf, or says why it cannot.
func pick(created events.OrderCreatedV2, stock Stock) ([]events.PricedItem, []Product, refusal) {
	shelf := newShelf(stock)
	lines := make([]events.PricedItem, 0, len(created.Items))
	var total int64
	for _, it := range created.Items {
		p, ok := shelf.get(it.ProductID)
		if !ok {
			return nil, nil, refusal{events.ReasonUnknownProduct, it.ProductID}
		}
		if p.Currency != created.Currency {
			return nil, nil, refusal{events.ReasonCurrencyMismatch, it.ProductID}
		}
		if p.Available < it.Quantity {
			return nil, nil, refusal{events.ReasonOutOfStock, it.ProductID}
		}
		if p.UnitPriceMinor > 0 && it.Quantity > (MaxMoneyMinor-total)/p.UnitPriceMinor {
			return nil, nil, refusal{events.ReasonTotalTooLarge, it.ProductID}
		}
		p.Available -= it.Quantity
		p.Reserved += it.Quantity
		total += it.Quantity * p.UnitPriceMinor
		lines = append(lines, events.PricedItem{ProductID: it.ProductID, Quantity: it.Quantity, UnitPriceMinor: p.UnitPriceMinor})
	}
	if expected := created.ExpectedTotalMinor; expected != nil && *expected != total {
		return nil, nil, refusal{reason: events.ReasonPriceChanged}
	}
	return lines, shelf.changed(), refusal{}
}
