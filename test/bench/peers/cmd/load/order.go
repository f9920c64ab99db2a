package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// products is how many there are with stock: SKU-0001 and so on.
const products = 1000

// mix says what is ordered.
type mix struct {
	items                     int
	declined, outOfStock, hot float64 // per cent of orders
}

// order is the body of order i: different products, one of each.
func (m mix) order(i int) []byte {
	names := m.products()
	method := "pm_card_visa"
	switch p := rand.Float64() * 100; {
	case p < m.declined:
		method = "pm_card_chargeDeclined"
	case p < m.declined+m.outOfStock:
		names[m.items-1] = "SKU-OOS"
	}
	body := fmt.Appendf(nil, `{"customer_id":"c%d","currency":"USD","payment_method":"%s","items":[`, i%5000, method)
	for k, name := range names {
		if k > 0 {
			body = append(body, ',')
		}
		body = fmt.Appendf(body, `{"product_id":"%s","quantity":1}`, name)
	}
	return append(body, "]}"...)
}

func (m mix) products() []string {
	drawn := make([]int, 0, m.items)
	if rand.Float64()*100 < m.hot {
		drawn = append(drawn, 0)
	}
	for len(drawn) < m.items {
		if n := rand.IntN(products); !slices.Contains(drawn, n) {
			drawn = append(drawn, n)
		}
	}
	names := make([]string, m.items)
	for k, n := range drawn {
		names[k] = fmt.Sprintf("SKU-%04d", n+1)
	}
	return names
}
