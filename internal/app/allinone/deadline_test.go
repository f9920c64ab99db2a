package allinone

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"orderly/events"
	"orderly/internal/app"
	"orderly/internal/client"
	"orderly/internal/verify"
	"orderly/order"
	"orderly/payment/gateway"
	"orderly/pkg/sqldb"
)

// G1, G2: a deadline that passes while everything is stopped holds at the next
// start. The order is cancelled as timed out, though its charge was captured and
// nobody knows, and what was captured is refunded; one that has time left goes on.
func TestDeadline_across_a_restart(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, cfg Config) {
		cfg.Gateway = gateway.Settings{LoseAnswers: 1}
		s := started(t, cfg)
		c := clientOf(t, s)
		stock(t, c)
		late := map[string]string{}
		for _, priority := range order.Lanes() {
			late[priority] = placeWith(t, c, priority, "late")
		}
		inTime := placeWith(t, c, order.Standard, "in time")
		awaitCharges(t, s, 3)
		stop(t, s)
		for _, id := range late {
			pass(t, cfg, id)
		}
		s = started(t, cfg)
		c = clientOf(t, s)
		defer func() { stop(t, s) }()
		for priority, id := range late {
			o, err := c.Ended(t.Context(), id)
			if err != nil || o.Status != client.Cancelled || o.Reason != events.ReasonTimedOut || o.Priority != priority {
				t.Errorf("the %s order that was late is %+v, %v", priority, o, err)
			}
		}
		if o, err := c.Order(t.Context(), inTime, 0); err != nil || o.Ended() {
			t.Errorf("the order that has time left is %+v, %v", o, err)
		}
		if err := s.Gateway.SetSettings(t.Context(), gateway.Settings{}); err != nil {
			t.Fatal(err)
		}
		if o, err := c.Ended(t.Context(), inTime); err != nil || o.Status != client.Confirmed {
			t.Errorf("the order that has time left became %+v, %v", o, err)
		}
		report, err := verify.Run(t.Context(), verify.Options{URL: s.URL(), Wait: patience, Grace: time.Millisecond})
		if err != nil || !report.Clean() || report.Open > 0 || report.Confirmed != 1 || report.Cancelled != 2 || report.Charges != 3 {
			t.Errorf("audit: %+v, %v", report, err)
		}
	})
}

func placeWith(t *testing.T, c *client.Client, priority, key string) string {
	t.Helper()
	body := fmt.Sprintf(`{"customer_id":"c","currency":"EUR","payment_method":"pm_card_visa","priority":%q,"items":[{"product_id":"MUG","quantity":1}]}`, priority)
	placed, err := c.Place(t.Context(), key+" "+priority, json.RawMessage(body))
	if err != nil {
		t.Fatal(err)
	}
	return placed.OrderID
}

// awaitCharges waits until the gateway has captured so many charges.
func awaitCharges(t *testing.T, s *System, n int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d charges", n), func() bool {
		report, err := verify.Run(t.Context(), verify.Options{URL: s.URL()})
		return err == nil && report.Charges == n
	})
}

// pass lets an order's deadline pass while the system is stopped.
func pass(t *testing.T, cfg Config, id string) {
	t.Helper()
	db := opened(t, cfg, app.OrderService)
	defer db.Close()
	err := db.InTx(context.Background(), func(tx *sqldb.Tx) error {
		tx.Exec("let the deadline pass", "UPDATE orders SET deadline = created_at + 1 WHERE id = $1", id)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
