package main

import (
	"encoding/json"
	"testing"
)

// TestMix_order counts what is drawn: shares within a tenth, and never one
// product twice in an order.
func TestMix_order(t *testing.T) {
	t.Parallel()
	const n = 20_000
	m := mix{items: 2, declined: 5, hot: 90}
	declined, hot := 0, 0
	for i := range n {
		var o struct {
			PaymentMethod string `json:"payment_method"`
			Items         []struct {
				ProductID string `json:"product_id"`
				Quantity  int    `json:"quantity"`
			} `json:"items"`
		}
		if err := json.Unmarshal(m.order(i), &o); err != nil {
			t.Fatal(err)
		}
		if len(o.Items) != m.items || o.Items[0].ProductID == o.Items[1].ProductID || o.Items[0].Quantity != 1 {
			t.Fatalf("got items %+v, want two products, one of each", o.Items)
		}
		if o.PaymentMethod != "pm_card_visa" {
			declined++
		}
		if o.Items[0].ProductID == "SKU-0001" {
			hot++
		}
	}
	if share := float64(declined) / n; share < .04 || share > .06 {
		t.Errorf("declined: got a share of %g, want 0.05", share)
	}
	if share := float64(hot) / n; share < .89 || share > .91 {
		t.Errorf("hot: got a share of %g, want 0.9", share)
	}
}
