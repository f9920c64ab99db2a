package client

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Payment is the payment of an order as the API shows it.
type Payment struct {
	OrderID     string    `json:"order_id"`
	State       string    `json:"state"`
	Currency    string    `json:"currency,omitempty"`
	AmountMinor int64     `json:"amount_minor"`
	Code        string    `json:"code,omitempty"`
	UpdatedAt   time.Time `json:"updated_at"`
	Credits     []Credit  `json:"credits,omitempty"`
}

// The states of a credit.
const (
	CreditPending = "pending"
	CreditGiven   = "given"
	CreditRefused = "refused"
)

// Credit is a refund by hand.
type Credit struct {
	CreditID    string     `json:"credit_id"`
	OrderID     string     `json:"order_id"`
	State       string     `json:"state"`
	AmountMinor int64      `json:"amount_minor"`
	Currency    string     `json:"currency"`
	Why         string     `json:"why"`
	By          string     `json:"by"`
	Refusal     string     `json:"refusal,omitempty"`
	AskedAt     time.Time  `json:"asked_at"`
	SettledAt   *time.Time `json:"settled_at,omitempty"`
}

// AskCredit asks for a refund by hand. No amount is all that is left.
type AskCredit struct {
	AmountMinor *int64 `json:"amount_minor,omitempty"`
	Currency    string `json:"currency,omitempty"`
	Why         string `json:"why"`
	By          string `json:"by"`
}

// Payment returns the payment of an order.
func (c *Client) Payment(ctx context.Context, orderID string) (Payment, error) {
	var p Payment
	_, err := c.do(ctx, request{method: http.MethodGet, path: paymentPath(orderID)}, &p)
	return p, err
}

// Credit asks for a refund by hand under an idempotency key, which must not be
// empty: an answer that is lost is asked for again.
func (c *Client) Credit(ctx context.Context, key, orderID string, a AskCredit) (Credit, error) {
	var out Credit
	if key == "" {
		return out, fmt.Errorf("a refund needs an idempotency key")
	}
	_, err := c.do(ctx, request{method: http.MethodPost, path: paymentPath(orderID) + "/credits", key: key, body: a}, &out)
	return out, err
}

func paymentPath(orderID string) string { return "/v1/payments/" + url.PathEscape(orderID) }
