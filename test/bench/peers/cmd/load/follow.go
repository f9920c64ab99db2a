package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

const (
	lookAtLeast = time.Millisecond
	lookAtMost  = 50 * time.Millisecond
)

// follow polls an accepted order until it has ended. It waits a tenth of the
// time so far between two looks, so that the figure may be a tenth late.
func (d *sender) follow(host string, accepted []byte, due time.Time) {
	var o struct {
		OrderID string `json:"order_id"`
		Status  string `json:"status"`
	}
	if json.Unmarshal(accepted, &o) != nil || o.OrderID == "" {
		return
	}
	c := &conn{host: host, timeout: d.timeout}
	defer c.close()
	for began := time.Now(); time.Since(began) < d.timeout; {
		code, body, err := c.do("GET", "/v1/orders/"+o.OrderID, "", nil)
		if err == nil && code == http.StatusOK && json.Unmarshal(body, &o) == nil && slices.Contains(d.endStatus, o.Status) {
			took := milliseconds(time.Since(due))
			d.out.mu.Lock()
			defer d.out.mu.Unlock()
			d.out.dones = append(d.out.dones, took)
			return
		}
		time.Sleep(min(max(time.Since(began)/10, lookAtLeast), lookAtMost))
	}
}
