package app

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"orderly/inventory/sqlstore"
	"orderly/pkg/engine"
	"orderly/pkg/natsbus/natstest"
	"orderly/pkg/sqldb"
)

// A consumer that gives nothing although messages wait ends the readiness, with the
// reason, until it gives again.
func TestReadiness_ends_while_a_consumer_gives_nothing(t *testing.T) {
	t.Parallel()
	bus := natstest.Connect(t, natstest.Start(t))
	db := inventoryDB(t)
	store := sqlstore.New(db)
	contracts, err := NewRegistry()
	fine(t, err)
	s, err := newService(InventoryService, Deps{DB: db, Bus: bus, Registry: contracts, Replicas: 1, Logger: zap.NewNop()}, store, inventoryHears(),
		func(c *engine.Config) { c.StuckAfter = 200 * time.Millisecond })
	fine(t, err)
	s.figures.ask = stock(store)
	fine(t, s.Start(t.Context()))
	t.Cleanup(func() { fine(t, s.Stop(context.WithoutCancel(t.Context()))) })
	if status, body := readiness(t, s.hears); status != http.StatusOK {
		t.Errorf("at first: %d %s", status, body)
	}
	js := bus.JetStream()
	_, err = js.PauseConsumer(t.Context(), StreamOrders, inventoryOrders, time.Now().Add(time.Hour))
	fine(t, err)
	_, err = js.Publish(t.Context(), "orders.created.v1.standard", []byte("{}"))
	fine(t, err)
	until(t, "the consumer is failing", func() bool { return s.hears(t.Context()) != nil })
	status, body := readiness(t, s.hears)
	if status != http.StatusServiceUnavailable || !strings.Contains(body, "consumer ORDERS/"+inventoryOrders) || !strings.Contains(body, "somebody has paused it; 1 messages wait") {
		t.Errorf("%d %s", status, body)
	}
	if d := s.figures.oldest(); d <= 0 {
		t.Errorf("the oldest open thing has waited for %s", d)
	}
	_, err = js.ResumeConsumer(t.Context(), StreamOrders, inventoryOrders)
	fine(t, err)
	until(t, "it is ready again", func() bool { return s.hears(t.Context()) == nil && s.figures.oldest() == 0 })
}

// A database that lacks what the build needs, is another's, or was changed by a
// newer build ends the readiness; one to which a newer build has only added does not.
func TestReadiness_looks_at_the_migrations(t *testing.T) {
	t.Parallel()
	db := inventoryDB(t)
	fine(t, schemaCheck(db, sqlstore.Schema())(t.Context()))
	more := sqlstore.Schema()
	more.Owner = OrderService
	if err := schemaCheck(db, more)(t.Context()); !errors.Is(err, sqldb.ErrOwner) {
		t.Errorf("of another service: %v", err)
	}
	fine(t, db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		tx.Exec("forget a migration", "DELETE FROM inventory_migrations WHERE version_id = 1")
		return nil
	}))
	if err := schemaCheck(db, sqlstore.Schema())(t.Context()); !errors.Is(err, sqldb.ErrPending) {
		t.Errorf("without a migration: %v", err)
	}
	fine(t, db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		tx.Exec("remember some of tomorrow", "INSERT INTO inventory_migrations (version_id, is_applied) VALUES (1, 1), (99, 1)")
		return nil
	}))
	if err := schemaCheck(db, sqlstore.Schema())(t.Context()); err != nil {
		t.Errorf("with more than this build knows: %v", err)
	}
	fine(t, db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		tx.Exec("remember one that takes away", "INSERT INTO inventory_migrations (version_id, is_applied) VALUES (100, 1)")
		return nil
	}))
	if status, body := readiness(t, schemaCheck(db, sqlstore.Schema())); status != http.StatusServiceUnavailable || !strings.Contains(body, "run a build that knows version 100") {
		t.Errorf("changed by a newer build: %d %s", status, body)
	}
}

func fine(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(30 * time.Second); !holds(); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("timed out waiting: %s", what)
		}
	}
}
