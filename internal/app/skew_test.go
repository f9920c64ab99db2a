package app_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"orderly/internal/app"
	"orderly/internal/client"
	"orderly/internal/pgtest"
	"orderly/order"
	"orderly/pkg/httpkit"
	"orderly/pkg/natsbus"
	"orderly/pkg/natsbus/natstest"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/postgres"
)

// skewed is a database whose clock differs from everybody else's.
func skewed(t *testing.T, by string) *sqldb.DB {
	t.Helper()
	dsn := pgtest.DSN(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	must(t, err)
	_, err = conn.Exec(t.Context(), `CREATE SCHEMA skew;
		CREATE FUNCTION skew.now() RETURNS timestamptz LANGUAGE sql STABLE AS $$ SELECT pg_catalog.now() + interval '`+by+`' $$;
		DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = skew, public, pg_catalog', current_database()); END $$`)
	must(t, err)
	must(t, conn.Close(t.Context()))
	db, err := postgres.Open(t.Context(), dsn)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close()) })
	schema, err := app.Schema(app.OrderService)
	must(t, err)
	must(t, db.Migrate(t.Context(), schema))
	return db
}

// orderService runs the order service alone: nobody answers its events.
func orderService(t *testing.T, db *sqldb.DB, bus *natsbus.Conn) *client.Client {
	t.Helper()
	metrics := app.NewMetrics()
	policy := order.Policy{Deadline: time.Hour, RedriveFirst: 300 * time.Millisecond, RedriveMax: time.Second}
	service, err := app.NewOrder(app.Deps{DB: db, Bus: bus, Registry: registry(t), Metrics: metrics, Logger: zap.NewNop(), Replicas: 1}, policy)
	must(t, err)
	door, err := httpkit.Listen("127.0.0.1:0", "--http")
	must(t, err)
	p, err := app.StartProcess(t.Context(), app.ProcessConfig{Listener: door, Services: []*app.Service{service}, Bus: bus, Metrics: metrics, Logger: zap.NewNop()})
	must(t, err)
	t.Cleanup(func() { must(t, p.Stop(context.Background())) })
	c, err := client.New(p.URL(), 10*time.Second)
	must(t, err)
	t.Cleanup(c.Close)
	return c
}

func placeOne(t *testing.T, c *client.Client, key string) {
	t.Helper()
	_, err := c.Place(t.Context(), key, json.RawMessage(`{"customer_id":"c","currency":"EUR","payment_method":"pm_card_visa","items":[{"product_id":"MUG","quantity":1}]}`))
	must(t, err)
}

// hearOrders hears what the broker is told of orders from now on.
func hearOrders(t *testing.T, bus *natsbus.Conn) *nats.Subscription {
	t.Helper()
	heard, err := bus.JetStream().Conn().SubscribeSync("orders.>")
	must(t, err)
	return heard
}

// await looks after each message whether it is so.
func await(t *testing.T, heard *nats.Subscription, what string, so func() bool) {
	t.Helper()
	for !so() {
		if _, err := heard.NextMsg(30 * time.Second); err != nil {
			t.Fatalf("waiting for %s: %v", what, err)
		}
	}
}

// G1: clocks that differ by minutes neither keep a lost order from being announced
// again nor have those announced that only wait.
func TestRedrive_with_clocks_that_differ(t *testing.T) {
	t.Parallel()
	for _, by := range []string{"5 minutes", "-5 minutes"} {
		t.Run("the database is ahead by "+by, func(t *testing.T) {
			t.Parallel()
			db := skewed(t, by)
			bus := natstest.Connect(t, natstest.Start(t))
			heard := hearOrders(t, bus)
			placeOne(t, orderService(t, db, bus), "lost")
			announced := -1
			await(t, heard, "the second announcement", func() bool { announced++; return announced >= 2 })
		})
		t.Run("and somebody lags, "+by, func(t *testing.T) {
			t.Parallel()
			db := skewed(t, by)
			bus := natstest.Connect(t, natstest.Start(t))
			_, err := app.Topology(bus.JetStream(), 1, time.Minute, app.Versions{}).Reconcile(t.Context(), bus.JetStream())
			must(t, err)
			_, err = bus.JetStream().Publish(t.Context(), "orders.created.v1.standard", nil) // waits for inventory
			must(t, err)
			c := orderService(t, db, bus)
			placeOne(t, c, "lost")
			must(t, db.InTx(t.Context(), func(tx *sqldb.Tx) error { // it moved before the message that waits
				tx.Exec("the past", "UPDATE orders SET updated_at = updated_at - 60000000")
				return nil
			}))
			placeOne(t, c, "waits")
			heard := hearOrders(t, bus)
			var least, most int
			await(t, heard, "three announcements of the lost order", func() bool {
				must(t, db.Reader().QueryRowContext(t.Context(), "SELECT min(redrives), max(redrives) FROM orders").Scan(&least, &most))
				return most >= 3
			})
			if least != 0 {
				t.Errorf("the order that waits was announced %d times", least)
			}
		})
	}
}
