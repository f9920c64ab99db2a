package sqlstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"orderly/events"
	"orderly/order"
	"orderly/order/sqlstore"
	"orderly/pkg/sqldb"
)

const month = 30 * 24 * time.Hour

func migrate(ctx context.Context, db *sqldb.DB) error { return sqlstore.Migrate(ctx, db) }

// serve is a replica of the order service.
func serve(t testing.TB, db *sqldb.DB) replica {
	t.Helper()
	registry := newRegistry(t)
	return replica{db: db, registry: registry, decider: sqlstore.New(db, sqlstore.Config{Policy: order.DefaultPolicy(), Registry: registry})}
}

func store(r replica) *sqlstore.Store { return r.decider.(*sqlstore.Store) }

// id is that of the nth order; ids sort as their numbers do.
func id(n int) string { return fmt.Sprintf("019a0000-0000-7000-8000-%012x", n) }

func items(lines int) []events.Item {
	out := make([]events.Item, lines)
	for i := range out {
		out[i] = events.Item{ProductID: fmt.Sprintf("MUG %d", i), Quantity: 2}
	}
	return out
}

// place asks for order n, of two lines, under a key of its own.
func place(n int) order.Place {
	expected := int64(2000)
	return order.Place{
		ID:             id(n),
		CustomerID:     "c-1",
		Currency:       "EUR",
		Lane:           lane,
		CorrelationID:  "story",
		IdempotencyKey: fmt.Sprint("key ", n),
		RequestHash:    "hash",
		Request: order.Request{
			PaymentMethod:      "pm_card",
			Items:              items(2),
			ExpectedTotalMinor: &expected,
			Metadata:           map[string]string{"note": "with \"care\" é\u0001"},
		},
	}
}

func cancel(n int) order.Cancel { return order.Cancel{OrderID: id(n)} }

func tick(n int) sqlstore.Tick { return sqlstore.Tick{OrderID: id(n)} }

func reserved(n int) events.Event {
	lines := make([]events.PricedItem, 2)
	for i, it := range items(2) {
		lines[i] = events.PricedItem{ProductID: it.ProductID, Quantity: it.Quantity, UnitPriceMinor: 500}
	}
	return events.InventoryReserved{OrderID: id(n), Currency: "EUR", TotalMinor: 2000, PaymentMethod: "pm_card", Items: lines}
}

func rejected(n int) events.Event {
	return events.InventoryRejected{OrderID: id(n), Reason: events.ReasonOutOfStock, ProductID: "MUG 0"}
}

func captured(n int) events.Event {
	return events.PaymentCaptured{OrderID: id(n), ChargeID: "ch_1", Currency: "EUR", AmountMinor: 2000}
}

func failed(n int) events.Event    { return events.PaymentFailed{OrderID: id(n), Code: "declined"} }
func released(n int) events.Event  { return events.InventoryReleased{OrderID: id(n)} }
func committed(n int) events.Event { return events.InventoryCommitted{OrderID: id(n)} }
func refunded(n int) events.Event  { return events.PaymentRefunded{OrderID: id(n)} }

func get(t testing.TB, r replica, n int) order.View {
	t.Helper()
	v, err := store(r).Get(t.Context(), id(n))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// stand is where an order stands, and in which tables it is noted.
func stand(t testing.TB, r replica, n int) string {
	t.Helper()
	o := get(t, r, n)
	s := string(o.Status)
	if o.Reason != "" {
		s += " " + o.Reason
	}
	if o.Closed() {
		s += " closed"
	}
	if len(rows(t, r.db, "SELECT id FROM open_orders WHERE id = $1", id(n))) > 0 {
		s += "; in open_orders"
	}
	for _, status := range rows(t, r.db, "SELECT status FROM ended_orders WHERE id = $1", id(n)) {
		s += "; ended " + status
	}
	return s
}

// history is what happened to an order, each entry with its cause.
func history(t testing.TB, r replica, n int) []string {
	t.Helper()
	entries, err := store(r).History(t.Context(), id(n))
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]string)
	var out []string
	for _, e := range entries {
		names[e.ID] = e.Name
		cause := e.Cause
		if name, ok := names[cause]; ok {
			cause = name
		}
		out = append(out, e.Name+" <- "+cause)
	}
	return out
}
