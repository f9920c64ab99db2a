package sqlstore_test

import (
	"fmt"
	"testing"
	"time"

	"orderly/events"
	"orderly/internal/pgtest"
	"orderly/internal/storetest"
	"orderly/order"
	"orderly/order/sqlstore"
	"orderly/pkg/engine"
	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const month = 30 * 24 * time.Hour

var service = storetest.Service{Schema: sqlstore.Schema(), New: func(db *sqldb.DB, registry *event.Registry) engine.Decider {
	return sqlstore.New(db, sqlstore.Config{Policy: order.DefaultPolicy(), Registry: registry})
}}

func store(r storetest.Replica) *sqlstore.Store { return r.Decider.(*sqlstore.Store) }

func id(n int) string { return storetest.ID(n) }

func items(lines int) []events.ItemV2 {
	out := make([]events.ItemV2, lines)
	for i := range out {
		out[i] = events.ItemV2{ProductID: fmt.Sprintf("MUG %d", i), Quantity: 2}
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
		Lane:           storetest.Lane,
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

func get(t testing.TB, r storetest.Replica, n int) order.View {
	t.Helper()
	v, err := store(r).Get(t.Context(), id(n))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// stand is where an order stands, and in which tables it is noted.
func stand(t testing.TB, r storetest.Replica, n int) string {
	t.Helper()
	o := get(t, r, n)
	s := string(o.Status)
	if o.Reason != "" {
		s += " " + o.Reason
	}
	if o.Closed() {
		s += " closed"
	}
	if len(storetest.Rows(t, r.DB, "SELECT id FROM open_orders WHERE id = $1", id(n))) > 0 {
		s += "; in open_orders"
	}
	for _, status := range storetest.Rows(t, r.DB, "SELECT status FROM ended_orders WHERE id = $1", id(n)) {
		s += "; ended " + status
	}
	return s
}

// history is what happened to an order, each entry with its cause.
func history(t testing.TB, r storetest.Replica, n int) []string {
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
