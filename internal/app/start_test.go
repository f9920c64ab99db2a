package app

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"orderly/events"
	"orderly/order"
	"orderly/pkg/engine"
	"orderly/pkg/natsbus"
	"orderly/pkg/natsbus/natstest"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/sqlite"
)

// mover is an inventory service that has moved to version 2 of orders.created, with
// one message in each version that the old durable has not answered.
type mover struct {
	*testing.T
	db       *sqldb.DB
	service  *Service
	old, now channel
	said     time.Time // when the message of version 1 came
}

func newMover(t *testing.T) *mover {
	t.Helper()
	db, err := sqlite.Options{Synchronous: sqlite.Off}.Open(t.Context(), filepath.Join(t.TempDir(), "inventory.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Migrate(t.Context(), sqldb.Schema{Tables: []sqldb.Tables{engine.Tables()}}); err != nil {
		t.Fatal(err)
	}
	m := &mover{T: t, db: db}
	m.service = &Service{Name: InventoryService, DB: db, listens: inventoryHears(), deps: Deps{Bus: natstest.Connect(t, natstest.Start(t)), Logger: zap.NewNop()}}
	js := m.service.deps.Bus.JetStream()
	if _, err := (natsbus.Topology{Streams: streams(1)}).Reconcile(t.Context(), js); err != nil {
		t.Fatal(err)
	}
	m.old = m.channel(Versions{})
	m.now = m.channel(Versions{Read: map[string]int{events.NameOrderCreated: 2}})
	for _, c := range []channel{m.old, m.now} {
		if _, err := js.CreateConsumer(t.Context(), StreamOrders, jetstream.ConsumerConfig{Durable: c.durable, FilterSubjects: c.filters, AckPolicy: jetstream.AckExplicitPolicy}); err != nil {
			t.Fatal(err)
		}
	}
	for _, subject := range []string{"orders.created.v1.standard", "orders.created.v2.standard"} {
		if _, err := js.Publish(t.Context(), subject, nil); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []channel{m.old, m.now} { // the server counts what waits a moment after it acknowledges
		for deadline := time.Now().Add(20 * time.Second); ; {
			consumer, err := js.Consumer(t.Context(), StreamOrders, c.durable)
			if err != nil || time.Now().After(deadline) {
				t.Fatalf("nothing waits for %s: %v", c.durable, err)
			}
			if consumer.CachedInfo().NumPending == 1 {
				break
			}
		}
	}
	stored, err := stream(t, js).GetMsg(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	m.said = stored.Time
	return m
}

func (m *mover) channel(v Versions) channel {
	all := channels(InventoryService, inventoryHears(), v)
	return all[slices.IndexFunc(all, func(c channel) bool { return c.lane == order.Standard })]
}

// handled says when a durable last handled something.
func (m *mover) handled(c channel, at time.Time) {
	m.Helper()
	err := m.db.InTx(m.Context(), func(tx *sqldb.Tx) error {
		tx.Exec("mark", "INSERT INTO engine_marks (handled_at, consumer) VALUES ($1, $2)", sqldb.Micros(at), c.durable)
		return nil
	})
	if err != nil {
		m.Fatal(err)
	}
}

// answers has a durable answer what waits for it.
func (m *mover) answers(c channel) {
	m.Helper()
	consumer, err := m.service.deps.Bus.JetStream().Consumer(m.Context(), StreamOrders, c.durable)
	if err != nil {
		m.Fatal(err)
	}
	next, err := consumer.Next()
	if err != nil {
		m.Fatal(err)
	}
	if err := next.DoubleAck(m.Context()); err != nil {
		m.Fatal(err)
	}
}

func (m *mover) starts() time.Time {
	m.Helper()
	at, err := start{db: m.db, horizon: horizon{js: m.service.deps.Bus.JetStream()}}.at(m.Context(), m.old.heard)
	if err != nil {
		m.Fatal(err)
	}
	return at
}

// G1: a new durable begins before all that its service has not answered, however
// late it was.
func TestG1_a_new_durable_begins_where_its_service_is(t *testing.T) {
	t.Parallel()
	m := newMover(t)
	if got := m.starts(); !got.IsZero() {
		t.Errorf("a service that never handled anything starts at %s, want the beginning", got)
	}
	m.handled(m.old, m.said.Add(time.Hour)) // it was an hour behind
	if got := m.starts(); got.After(m.said) || got.Before(m.said.Add(-2*startMargin)) {
		t.Errorf("starts at %s, want a little before the oldest unanswered message, %s", got, m.said)
	}
	m.answers(m.old)
	m.answers(m.now)
	if got, want := m.starts(), m.said.Add(time.Hour-startMargin); got.Sub(want).Abs() > time.Millisecond {
		t.Errorf("starts at %s, want a little before it handled the last, %s", got, want)
	}
	m.handled(m.now, m.said.Add(2*time.Hour))
	if got, want := m.starts(), m.said.Add(2*time.Hour-startMargin); got.Sub(want).Abs() > time.Millisecond {
		t.Errorf("starts at %s, want a little before it handled the last by any durable, %s", got, want)
	}
}

// G1: a service that goes back to a version does not hear first all that it heard
// meanwhile, and misses nothing.
func TestG1_a_service_goes_back_to_where_it_is(t *testing.T) {
	t.Parallel()
	m := newMover(t)
	there := func() bool {
		_, err := m.service.deps.Bus.JetStream().Consumer(t.Context(), StreamOrders, m.old.durable)
		if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			t.Fatal(err)
		}
		return err == nil
	}
	rejoin := func() {
		t.Helper()
		if err := m.service.rejoin(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	m.handled(m.old, m.said.Add(time.Hour))
	if rejoin(); !there() {
		t.Error("a durable went that was only behind, as the other is")
	}
	m.answers(m.now)
	m.handled(m.now, m.said.Add(time.Hour))
	if rejoin(); there() {
		t.Error("the durable that was left still stands where it was")
	}
	rejoin() // there is nothing to remove any more
}
