package allinone

import (
	"testing"
	"time"

	"orderly/internal/app"
	"orderly/internal/client"
	"orderly/internal/verify"
	"orderly/order"
	"orderly/payment/gateway"
)

// Express orders pass the standard ones that wait before a slow gateway, and those
// end all the same.
func TestLanes_express_passes_a_backlog(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, cfg Config) {
		const waiting = 60
		cfg.Payment = app.PaymentConfig{MaxCalls: 2}
		cfg.Gateway = gateway.Settings{Latency: 500 * time.Millisecond} // the backlog takes a quarter of a minute
		s := started(t, cfg)
		t.Cleanup(func() { stop(t, s) })
		c := clientOf(t, s)
		stock(t, c)
		place(t, c, "standard", waiting)
		id := placeWith(t, c, order.Express, "urgent")
		if o, err := c.Ended(t.Context(), id); err != nil || o.Status != client.Confirmed {
			t.Fatalf("the express order is %+v, %v", o, err)
		}
		report, err := verify.Run(t.Context(), verify.Options{URL: s.URL()})
		if err != nil || report.Open < waiting/2 {
			t.Errorf("%d standard orders are open, %v: want most of %d", report.Open, err, waiting)
		}
		if err := s.Gateway.SetSettings(t.Context(), gateway.Settings{}); err != nil {
			t.Fatal(err)
		}
		report, err = verify.Run(t.Context(), verify.Options{URL: s.URL(), Wait: patience, Grace: time.Millisecond})
		if err != nil || !report.Clean() || report.Open > 0 || report.Confirmed != waiting+1 {
			t.Errorf("audit: %+v, %v", report, err)
		}
	})
}
