package client

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// The statuses of an order that has ended.
const (
	Confirmed = "confirmed"
	Cancelled = "cancelled"
)

// Order is an order as the API shows it.
type Order struct {
	OrderID       string            `json:"order_id"`
	Status        string            `json:"status"`
	Reason        string            `json:"reason,omitempty"`
	CustomerID    string            `json:"customer_id"`
	Priority      string            `json:"priority"`
	Currency      string            `json:"currency"`
	Items         []Item            `json:"items,omitempty"`
	TotalMinor    *int64            `json:"total_minor,omitempty"`
	ExpectedTotal *int64            `json:"expected_total,omitempty"`
	PaymentMethod string            `json:"payment_method,omitempty"`
	Metadata      map[string]string `json:"metadata,omitempty"`
	CorrelationID string            `json:"correlation_id,omitempty"`
	TraceID       string            `json:"trace_id,omitempty"`
	Closed        bool              `json:"closed"`
	CreditedMinor int64             `json:"credited_minor,omitempty"` // refunded by hand
	CreatedAt     time.Time         `json:"created_at"`
	UpdatedAt     time.Time         `json:"updated_at"`
}

// Ended reports whether the order is confirmed or cancelled, and stays so.
func (o Order) Ended() bool { return o.Status == Confirmed || o.Status == Cancelled }

// Item is one line of an order.
type Item struct {
	ProductID      string `json:"product_id"`
	Quantity       int64  `json:"quantity"`
	UnitPriceMinor *int64 `json:"unit_price_minor,omitempty"`
}

// Event is one entry in the history of an order.
type Event struct {
	ID      string          `json:"id"`
	Name    string          `json:"name"`
	Version int             `json:"version"`
	Time    time.Time       `json:"time"`
	Cause   string          `json:"cause"`
	Data    json.RawMessage `json:"data"`
}

// Placed is the answer to an order.
type Placed struct {
	OrderID   string    `json:"order_id"`
	Status    string    `json:"status"`
	CreatedAt time.Time `json:"created_at"`
	Replayed  bool      `json:"-"` // the same order had been accepted before
}

// Place places the order in body under an idempotency key, which must not be
// empty: an answer that is lost is asked for again.
func (c *Client) Place(ctx context.Context, key string, body json.RawMessage) (Placed, error) {
	var p Placed
	if key == "" {
		return p, fmt.Errorf("an order needs an idempotency key")
	}
	h, err := c.do(ctx, request{method: http.MethodPost, path: "/v1/orders", key: key, body: body}, &p)
	p.Replayed = replayed(h)
	return p, err
}

// Order returns an order. With a wait it answers once the order has ended or
// the wait is over; the server waits 30 s at most.
func (c *Client) Order(ctx context.Context, id string, wait time.Duration) (Order, error) {
	var o Order
	r := request{method: http.MethodGet, path: orderPath(id)}
	if wait > 0 {
		r.query = url.Values{"wait": {wait.String()}}
	}
	_, err := c.do(ctx, r, &o)
	return o, err
}

// serverWait is as long as the server lets one request wait.
const serverWait = 30 * time.Second

// Ended returns the order once it has ended.
func (c *Client) Ended(ctx context.Context, id string) (Order, error) {
	for {
		o, err := c.Order(ctx, id, serverWait)
		if err != nil || o.Ended() {
			return o, err
		}
	}
}

// Events returns what happened to an order, in order.
func (c *Client) Events(ctx context.Context, id string) ([]Event, error) {
	var page struct {
		Items []Event `json:"items"`
	}
	_, err := c.do(ctx, request{method: http.MethodGet, path: orderPath(id) + "/events"}, &page)
	return page.Items, err
}

// Orders walks through orders, the newest first. Empty arguments do not filter.
func (c *Client) Orders(ctx context.Context, status, customer string) iter.Seq2[Order, error] {
	query := url.Values{}
	if status != "" {
		query.Set("status", status)
	}
	if customer != "" {
		query.Set("customer_id", customer)
	}
	return pages[Order](ctx, c, "/v1/orders", query)
}

// pageSize is the largest that every list gives.
const pageSize = 200

// pages walks through all pages of a list and ends with the first error. A query
// may have a limit of its own.
func pages[T any](ctx context.Context, c *Client, path string, query url.Values) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		query := maps.Clone(query)
		if !query.Has("limit") {
			query.Set("limit", strconv.Itoa(pageSize))
		}
		for {
			var page struct {
				Items []T    `json:"items"`
				Next  string `json:"next"`
			}
			if _, err := c.do(ctx, request{method: http.MethodGet, path: path, query: query}, &page); err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			query.Set("cursor", page.Next)
		}
	}
}

func orderPath(id string) string { return "/v1/orders/" + url.PathEscape(id) }
