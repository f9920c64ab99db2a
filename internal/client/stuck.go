package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// StuckOrder is an open order without progress.
type StuckOrder struct {
	Order
	WaitsFor    []string  `json:"waits_for"`
	Deadline    time.Time `json:"deadline"`
	Redrives    int       `json:"redrives"`
	NextRedrive time.Time `json:"next_redrive"`
}

// Channel is how far a service has come with one of the things that it hears.
type Channel struct {
	Service   string    `json:"service"`
	Stream    string    `json:"stream"`
	Consumer  string    `json:"consumer"`
	Priority  string    `json:"priority"`
	Exists    bool      `json:"exists"`
	Pulls     int       `json:"pulls"`
	Waiting   uint64    `json:"waiting"`
	InHand    int       `json:"in_hand"`
	Lag       string    `json:"lag"`
	Delivered time.Time `json:"delivered,omitzero"`
}

// StuckPage is a page of stuck orders, the oldest first, and the way between the
// services.
type StuckPage struct {
	Items    []StuckOrder `json:"items"`
	Next     string       `json:"next"`
	Channels []Channel    `json:"channels"`
	Broker   string       `json:"broker"` // why the broker does not tell of the channels
}

// Stuck returns the first of the orders that made no progress for so long.
func (c *Client) Stuck(ctx context.Context, still time.Duration, limit int) (StuckPage, error) {
	var page StuckPage
	query := url.Values{"for": {still.String()}, "limit": {strconv.Itoa(limit)}}
	_, err := c.do(ctx, request{method: http.MethodGet, path: "/v1/orders/stuck", query: query}, &page)
	return page, err
}

// Reservation is what inventory holds for an order.
type Reservation struct {
	OrderID   string    `json:"order_id"`
	State     string    `json:"state"`
	Reason    string    `json:"reason,omitempty"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Reservation returns what inventory holds for an order.
func (c *Client) Reservation(ctx context.Context, orderID string) (Reservation, error) {
	var r Reservation
	_, err := c.do(ctx, request{method: http.MethodGet, path: "/v1/reservations/" + url.PathEscape(orderID)}, &r)
	return r, err
}
