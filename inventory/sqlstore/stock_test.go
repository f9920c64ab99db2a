package sqlstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"orderly/events"
	"orderly/inventory"
	"orderly/inventory/sqlstore"
	"orderly/pkg/sqldb"
)

const month = 30 * 24 * time.Hour

func migrate(ctx context.Context, db *sqldb.DB) error { return sqlstore.Migrate(ctx, db) }

// serve is a replica of the inventory service.
func serve(t testing.TB, db *sqldb.DB) replica {
	t.Helper()
	return replica{db: db, registry: newRegistry(t), decider: sqlstore.New(db)}
}

func store(r replica) *sqlstore.Store { return r.decider.(*sqlstore.Store) }

// id is that of the nth order; ids sort as their numbers do.
func id(n int) string { return fmt.Sprintf("019a0000-0000-7000-8000-%012x", n) }

func put(product string, price int64) inventory.Put {
	return inventory.Put{ID: product, Name: product + " é", Currency: "EUR", UnitPriceMinor: price}
}

func adjust(product string, delta int64, key string) inventory.Adjust {
	return inventory.Adjust{ProductID: product, Delta: delta, Reason: "delivery", IdempotencyKey: key, RequestHash: fmt.Sprint(delta)}
}

// stock puts a product on the shelf, at 5 euros.
func stock(t testing.TB, r replica, product string, units int64) {
	t.Helper()
	for _, a := range r.do(t, put(product, 500), adjust(product, units, "")) {
		if a.err != nil {
			t.Fatal(a.err)
		}
	}
}

// created is the event of an order for two units each of the products.
func created(n int, products ...string) events.Event {
	e := events.OrderCreated{OrderID: id(n), CustomerID: "c-1", Currency: "EUR", PaymentMethod: "pm_card"}
	for _, p := range products {
		e.Items = append(e.Items, events.Item{ProductID: p, Quantity: 2})
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
func counts(t testing.TB, r replica, product string) string {
	t.Helper()
	p, err := store(r).Product(t.Context(), product)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(p.OnHand, p.Available, p.Reserved, p.Sold)
}

// reservation is the state that is stored for an order, with its total and why
// it was rejected.
func reservation(t testing.TB, r replica, n int) string {
	t.Helper()
	return fmt.Sprint(rows(t, r.db, "SELECT state, total_minor, reason, product_id FROM reservations WHERE order_id = $1", id(n)))
}
