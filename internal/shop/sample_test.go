package shop_test

import (
	"encoding/json"
	"io"
	"testing"

	"orderly/internal/shop"
)

func text(t *testing.T, r io.Reader, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestSample_is_all_there(t *testing.T) {
	t.Parallel()
	catalogue, err := shop.SampleProducts()
	products, bad := readProducts(t, text(t, catalogue, err))
	if len(products) != 2454 || len(bad) != 0 {
		t.Errorf("got %d products and bad lines %v, want 2454 and none", len(products), bad)
	}
	file, err := shop.SampleOrders()
	orders, bad := readOrders(t, shop.SampleName, text(t, file, err))
	if len(orders) != shop.SampleSize || shop.SampleSize != 927 || len(bad) != 0 {
		t.Errorf("got %d orders and bad lines %v, want 927 and none", len(orders), bad)
	}
	known := make(map[string]bool)
	for _, p := range products {
		known[p.ID] = true
	}
	returns, invoices := 0, make(map[string]bool)
	for _, o := range orders {
		var body struct {
			Items []struct {
				ProductID string `json:"product_id"`
				Quantity  int64
			}
		}
		if err := json.Unmarshal(o.Body, &body); err != nil {
			t.Fatal(err)
		}
		isReturn := false
		for _, it := range body.Items {
			isReturn = isReturn || it.Quantity <= 0
			if !known[it.ProductID] && it.Quantity > 0 {
				t.Errorf("invoice %s asks for %s, which is not in the catalogue", o.Invoice, it.ProductID)
			}
		}
		if isReturn {
			returns++
		}
		invoices[o.Invoice] = true
	}
	if returns != 58 || len(invoices) != 927 {
		t.Errorf("got %d returns and %d invoices, want 58 and 927", returns, len(invoices))
	}
}
