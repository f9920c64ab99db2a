package client

import (
	"context"
	"net/http"
	"net/url"

	"orderly/internal/adoption"
)

// Versions tells who says and who reads the versions of an event.
func (c *Client) Versions(ctx context.Context, event string) (adoption.State, error) {
	var s adoption.State
	_, err := c.do(ctx, request{method: http.MethodGet, path: "/v1/events/" + url.PathEscape(event) + "/versions"}, &s)
	return s, err
}
