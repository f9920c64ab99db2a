package client

import (
	"context"
	"net/http"
	"time"
)

// Note is who does something to an order, and why.
type Note struct {
	By  string `json:"by,omitempty"`
	Why string `json:"why,omitempty"`
}

// Action is what an operator did to an order.
type Action struct {
	Kind string    `json:"kind"`
	By   string    `json:"by"`
	Why  string    `json:"why,omitempty"`
	At   time.Time `json:"at"`
}

// Cancel asks for the end of an order and returns it as it is then. The zero
// note says that it is the customer's wish.
func (c *Client) Cancel(ctx context.Context, id string, n Note) (Order, error) {
	return c.repair(ctx, id, "/cancellation", n)
}

// Retry has an order announced again at once, and returns it as it is then.
func (c *Client) Retry(ctx context.Context, id string, n Note) (Order, error) {
	return c.repair(ctx, id, "/retry", n)
}

func (c *Client) repair(ctx context.Context, id, what string, n Note) (Order, error) {
	var o Order
	_, err := c.do(ctx, request{method: http.MethodPost, path: orderPath(id) + what, body: n}, &o)
	return o, err
}

// Actions returns what operators did to an order, the oldest first.
func (c *Client) Actions(ctx context.Context, id string) ([]Action, error) {
	var page struct {
		Items []Action `json:"items"`
	}
	_, err := c.do(ctx, request{method: http.MethodGet, path: orderPath(id) + "/actions"}, &page)
	return page.Items, err
}
