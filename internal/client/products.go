package client

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Product is a product as the API shows it.
type Product struct {
	ProductID      string    `json:"product_id"`
	Name           string    `json:"name"`
	Currency       string    `json:"currency"`
	UnitPriceMinor int64     `json:"unit_price_minor"`
	OnHand         int64     `json:"on_hand"`
	Available      int64     `json:"available"`
	Reserved       int64     `json:"reserved"`
	Sold           int64     `json:"sold"`
	UpdatedAt      time.Time `json:"updated_at"`
}

// PutProduct makes a product, or changes its name and price. Stock is not
// touched.
func (c *Client) PutProduct(ctx context.Context, p Product) error {
	body := struct {
		Name           string `json:"name"`
		Currency       string `json:"currency"`
		UnitPriceMinor int64  `json:"unit_price_minor"`
	}{p.Name, p.Currency, p.UnitPriceMinor}
	_, err := c.do(ctx, request{method: http.MethodPut, path: productPath(p.ProductID), body: body}, nil)
	return err
}

// AdjustStock adds delta units to a product's stock under an idempotency key,
// which must not be empty. Again reports that it had been done before, and is
// not done twice.
func (c *Client) AdjustStock(ctx context.Context, key, productID string, delta int64, reason string) (again bool, err error) {
	if key == "" {
		return false, fmt.Errorf("an adjustment of stock needs an idempotency key")
	}
	body := struct {
		Delta  int64  `json:"delta"`
		Reason string `json:"reason"`
	}{delta, reason}
	h, err := c.do(ctx, request{method: http.MethodPost, path: productPath(productID) + "/stock", key: key, body: body}, nil)
	return replayed(h), err
}

// Products walks through all products by id.
func (c *Client) Products(ctx context.Context) iter.Seq2[Product, error] {
	return pages[Product](ctx, c, "/v1/products", url.Values{})
}

func productPath(id string) string { return "/v1/products/" + url.PathEscape(id) }
