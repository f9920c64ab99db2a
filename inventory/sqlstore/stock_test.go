package sqlstore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"orderly/events"
	"orderly/internal/pgtest"
	"orderly/internal/storetest"
	"orderly/inventory"
	"orderly/inventory/sqlstore"
	"orderly/pkg/engine"
	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const month = 30 * 24 * time.Hour

var service = storetest.Service{Schema: sqlstore.Schema(), New: func(db *sqldb.DB, _ *event.Registry) engine.Decider {
	return sqlstore.New(db)
}}

func store(r storetest.Replica) *sqlstore.Store { return r.Decider.(*sqlstore.Store) }

func id(n int) string { return storetest.ID(n) }

func put(product string, price int64) inventory.Put {
	return inventory.Put{ID: product, Name: product + " é", Currency: "EUR", UnitPriceMinor: price}
}

// adjust moves a product's stock; without a key it gets one of its own, as at
// the service's door.
func adjust(product string, delta int64, key string) inventory.Adjust {
	if key == "" {
		key = " " + uuid.NewString()
	}
	return inventory.Adjust{ProductID: product, Delta: delta, Reason: "delivery", IdempotencyKey: key, RequestHash: fmt.Sprint(delta)}
}

// stock puts a product on the shelf, at 5 euros.
func stock(t testing.TB, r storetest.Replica, product string, units int64) {
	t.Helper()
	for _, a := range r.Do(t, put(product, 500), adjust(product, units, "")) {
		if a.Err != nil {
			t.Fatal(a.Err)
		}
	}
}

// created is the event of an order for two units each of the products.
func created(n int, products ...string) events.Event {
	e := events.OrderCreatedV2{OrderID: id(n), Customer: events.CustomerV2{ID: "c-1"}, Currency: "EUR", PaymentMethod: "pm_card"}
	for _, p := range products {
		e.Items = append(e.Items, events.ItemV2{ProductID: p, Quantity: 2})
	}
	return e
}

func cancelled(n int) events.Event {
	return events.OrderCancelled{OrderID: id(n), Reason: events.ReasonCustomer}
}

func confirmed(n int, total int64) events.Event {
	return events.OrderConfirmed{OrderID: id(n), Currency: "EUR", TotalMinor: total}
}

// counts are a product's on hand, available, reserved, sold.
func counts(t testing.TB, r storetest.Replica, product string) string {
	t.Helper()
	p, err := store(r).Product(t.Context(), product)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(p.OnHand, p.Available, p.Reserved, p.Sold)
}

// reservation is the state that is stored for an order, with its total and why
// it was rejected.
func reservation(t testing.TB, r storetest.Replica, n int) string {
	t.Helper()
	return fmt.Sprint(storetest.Rows(t, r.DB, "SELECT state, total_minor, reason, product_id FROM reservations WHERE order_id = $1", id(n)))
}
