package allinone

import (
	"fmt"
	"testing"
	"time"

	"orderly/internal/app"
	"orderly/internal/client"
	"orderly/internal/verify"
	"orderly/order"
	"orderly/payment/gateway"
)

// G1, G2: while the breaker is open only calls wait. Orders are accepted and
// reserved; one that is cancelled before anything was asked of the gateway closes
// without it. When the gateway is back, the others are charged once each.
func TestBreaker_that_is_open_holds_up_calls_alone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, cfg Config) {
		cfg.Gateway = gateway.Settings{Outage: true}
		s := started(t, cfg)
		t.Cleanup(func() { stop(t, s) })
		c := clientOf(t, s)
		stock(t, c)
		const waiting = 20
		for n := range waiting {
			placeWith(t, c, order.Standard, fmt.Sprint("waits ", n))
		}
		eventually(t, "the breaker is open", func() bool {
			g, err := c.GatewayStatus(t.Context())
			return err == nil && g.State == "open" && g.Reason != "" && g.NextProbe != nil
		})
		eventually(t, "payment fetches no more reservations", func() bool {
			consumer, err := s.bus.JetStream().Consumer(t.Context(), app.StreamInventory, "payment-inventory-standard")
			return err == nil && consumer.CachedInfo().NumWaiting == 0
		})

		id := placeWith(t, c, order.Standard, "cancelled")
		eventually(t, "the order is reserved", func() bool {
			o, err := c.Order(t.Context(), id, 0)
			return err == nil && o.Status == "reserved"
		})
		if _, err := c.Cancel(t.Context(), id, client.Note{}); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the cancelled order is closed", func() bool {
			o, err := c.Order(t.Context(), id, 0)
			return err == nil && o.Status == client.Cancelled && o.Closed
		})
		if g, err := c.GatewayStatus(t.Context()); err != nil || g.State == "closed" || g.Succeeded > 0 {
			t.Errorf("the gateway is %+v, %v: it should not have been there at all", g, err)
		}

		if err := s.Gateway.SetSettings(t.Context(), gateway.Settings{}); err != nil {
			t.Fatal(err)
		}
		report, err := verify.Run(t.Context(), verify.Options{URL: s.URL(), Wait: patience, Grace: time.Millisecond})
		if err != nil || !report.Clean() || report.Open > 0 || report.Confirmed != waiting || report.Charges != waiting {
			t.Errorf("audit: %+v, %v", report, err)
		}
	})
}

// eventually asks until it is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !so(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}
