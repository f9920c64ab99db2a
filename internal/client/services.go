package client

import (
	"context"
	"net/http"
	"time"
)

// Instance is a replica of a service that runs.
type Instance struct {
	Service  string    `json:"service"`
	Replica  string    `json:"replica"`
	URL      string    `json:"url"`
	Ready    bool      `json:"ready"`
	Failing  []string  `json:"failing"` // checks that are not passed, and why
	Lag      uint64    `json:"lag"`     // messages that wait for the service
	InHand   int       `json:"in_hand"`
	Oldest   string    `json:"oldest"` // age of the oldest thing that it has not finished
	LookedAt string    `json:"looked_at"`
	ID       string    `json:"id"`
	Version  string    `json:"version"`
	Started  time.Time `json:"started"`
	Requests int       `json:"requests"`
	Errors   int       `json:"errors"`
}

// Services returns the replicas that run, by service, the oldest first.
func (c *Client) Services(ctx context.Context) ([]Instance, error) {
	var page struct {
		Items []Instance `json:"items"`
	}
	_, err := c.do(ctx, request{method: http.MethodGet, path: "/v1/services"}, &page)
	return page.Items, err
}
