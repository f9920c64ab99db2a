package client

import (
	"context"
	"net/http"
	"time"
)

// Gateway is how the simulated payment gateway behaves. Latency, Jitter and
// KeyRetention are durations as Go writes them.
type Gateway struct {
	Latency      string     `json:"latency,omitempty"`
	Jitter       string     `json:"jitter,omitempty"`
	Outage       bool       `json:"outage,omitempty"`
	OutageUntil  *time.Time `json:"outage_until,omitempty"`
	OutageFor    string     `json:"outage_for,omitempty"` // only sent, in the place of OutageUntil
	LoseAnswers  float64    `json:"lose_answers,omitempty"`
	Decline      float64    `json:"decline,omitempty"`
	Seed         uint64     `json:"seed,omitempty"`
	KeyRetention string     `json:"key_retention,omitempty"`
}

// GatewayStatus is how a replica of the payment service sees its gateway.
type GatewayStatus struct {
	Replica   string     `json:"replica"`
	State     string     `json:"state"`
	Since     time.Time  `json:"since"`
	Reason    string     `json:"reason,omitempty"`
	NextProbe *time.Time `json:"next_probe,omitempty"`
	Calls     int        `json:"calls"`
	Succeeded uint64     `json:"succeeded"`
	Failed    uint64     `json:"failed"`
	Opened    uint64     `json:"opened"`
}

// Gateway returns how the simulated gateway behaves.
func (c *Client) Gateway(ctx context.Context) (Gateway, error) {
	var g Gateway
	_, err := c.do(ctx, request{method: http.MethodGet, path: "/v1/gateway"}, &g)
	return g, err
}

// SetGateway replaces how the simulated gateway behaves; what is left out is set
// back.
func (c *Client) SetGateway(ctx context.Context, g Gateway) (Gateway, error) {
	var set Gateway
	_, err := c.do(ctx, request{method: http.MethodPut, path: "/v1/gateway", body: g}, &set)
	return set, err
}

// GatewayStatus returns how the replica that answers sees the gateway.
func (c *Client) GatewayStatus(ctx context.Context) (GatewayStatus, error) {
	var s GatewayStatus
	_, err := c.do(ctx, request{method: http.MethodGet, path: "/v1/gateway/status"}, &s)
	return s, err
}
