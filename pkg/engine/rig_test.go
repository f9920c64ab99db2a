package engine_test

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"orderly/internal/pgtest"
	"orderly/pkg/engine"
	"orderly/pkg/event"
	"orderly/pkg/natsbus/natstest"
	"orderly/pkg/natsembed"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/postgres"
	"orderly/pkg/sqldb/sqlite"
)

const (
	patience = time.Minute
	service  = "bank"
)

// rig is a bank with its broker and its database.
type rig struct {
	testing.TB
	server   *natsembed.Server
	js       jetstream.JetStream
	db       *sqldb.DB
	registry *event.Registry
	bank     *bank

	mu      sync.Mutex // guards batches
	batches []engine.Batch
}

// onEach runs a test on SQLite and on PostgreSQL.
func onEach(t *testing.T, test func(t *testing.T, r *rig)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, newRig(t, onSQLite(t)))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, newRig(t, onPostgres(t)))
	})
}

func onSQLite(t testing.TB) *sqldb.DB {
	t.Helper()
	db, err := sqlite.Options{Synchronous: sqlite.Off}.Open(t.Context(), filepath.Join(t.TempDir(), "bank.db"))
	return prepared(t, db, err)
}

// onDisk is SQLite as in production, which waits for the disk.
func onDisk(t testing.TB) *sqldb.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "bank.db"))
	return prepared(t, db, err)
}

func onPostgres(t testing.TB) *sqldb.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), pgtest.DSN(t))
	return prepared(t, db, err)
}

// prepared makes the tables, and closes db when the test ends.
func prepared(t testing.TB, db *sqldb.DB, err error) *sqldb.DB {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close the database: %v", err)
		}
	})
	if err := db.Migrate(t.Context(), sqldb.Schema{Tables: []sqldb.Tables{engine.Tables()}}); err != nil {
		t.Fatal(err)
	}
	err = db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		for _, statement := range bankSchema {
			tx.Exec("make a table", statement)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func newRig(t testing.TB, db *sqldb.DB) *rig {
	t.Helper()
	server := natstest.Start(t)
	r := newRigOn(t, db, natstest.Connect(t, server).JetStream())
	r.server = server
	for _, name := range []string{"deposits", "balances", "dlq"} {
		r.makeStream(name)
	}
	r.makeConsumer()
	return r
}

// newRigOn is a rig on a broker that has no streams yet.
func newRigOn(t testing.TB, db *sqldb.DB, js jetstream.JetStream) *rig {
	t.Helper()
	r := &rig{TB: t, js: js, db: db, registry: contracts(t)}
	r.bank = &bank{db: db, seen: map[string]int{}}
	return r
}

func (r *rig) makeStream(name string) {
	r.Helper()
	_, err := r.js.CreateStream(r.Context(), jetstream.StreamConfig{
		Name: name, Subjects: []string{name + ".>"}, MaxMsgSize: event.MaxMessage, Discard: jetstream.DiscardNew,
	})
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) makeConsumer() {
	r.Helper()
	_, err := r.js.CreateConsumer(r.Context(), "deposits", jetstream.ConsumerConfig{
		Durable: service, AckPolicy: jetstream.AckExplicitPolicy, AckWait: 30 * time.Second, MaxDeliver: -1, MaxAckPending: -1,
	})
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) config() engine.Config {
	return engine.Config{
		Name: service, DB: r.db, Decider: r.bank, JetStream: r.js, Registry: r.registry,
		Consumers:  []engine.Consumer{{Stream: "deposits", Name: service}},
		RetryPause: time.Millisecond, CallPause: time.Millisecond,
	}
}

// start starts an engine and stops it when the test ends.
func (r *rig) start(change func(*engine.Config)) *engine.Engine {
	r.Helper()
	e := r.make(change)
	if err := e.Start(); err != nil {
		r.Fatal(err)
	}
	return e
}

func (r *rig) make(change func(*engine.Config)) *engine.Engine {
	r.Helper()
	cfg := r.config()
	if change != nil {
		change(&cfg)
	}
	e, err := engine.New(cfg)
	if err != nil {
		r.Fatal(err)
	}
	e.Observe(func(b engine.Batch) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.batches = append(r.batches, b)
	})
	r.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := e.Stop(ctx); err != nil && !r.Failed() {
			r.Log(err) // a test that cares has stopped it itself
		}
	})
	return e
}

func (r *rig) stop(e *engine.Engine) {
	r.Helper()
	if err := e.Stop(r.Context()); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) observed() []engine.Batch {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]engine.Batch(nil), r.batches...)
}

// reruns returns how many transactions were rolled back.
func (r *rig) reruns() int {
	n := 0
	for _, b := range r.observed() {
		n += b.Reruns
	}
	return n
}

// await waits until ok reports true.
func (r *rig) await(what string, ok func() bool) {
	r.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for !ok() {
		select {
		case <-tick.C:
		case <-late:
			r.Fatalf("gave up waiting: %s", what)
		}
	}
}

func depositID(n int) string { return event.DeriveID("deposit", strconv.Itoa(n)) }

// one is the n-th deposit: 1 into the account "a".
func one(n int, note string) deposit {
	return deposit{ID: depositID(n), Account: "a", Amount: 1, Note: note}
}

func ones(from, to int) []deposit {
	var out []deposit
	for n := from; n < to; n++ {
		out = append(out, one(n, ""))
	}
	return out
}

func (r *rig) made(d deposit) event.Event {
	r.Helper()
	e := event.Event{ID: event.DeriveID(d.ID, "made"), Source: "/test", Name: "deposits.made", Subject: d.ID, Payload: d}
	if err := r.registry.Seal(&e); err != nil {
		r.Fatal(err)
	}
	return e
}

// publish sends each deposit as a message of its own.
func (r *rig) publish(ds ...deposit) {
	r.Helper()
	for _, d := range ds {
		r.send([]event.Event{r.made(d)})
	}
}

// publishPack sends the deposits together.
func (r *rig) publishPack(ds ...deposit) {
	r.Helper()
	events := make([]event.Event, len(ds))
	for i, d := range ds {
		events[i] = r.made(d)
	}
	r.send(events)
}

func (r *rig) send(events []event.Event) {
	r.Helper()
	if err := r.trySend(events); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) trySend(events []event.Event) error {
	packs, err := r.registry.Pack(events, 0)
	for _, p := range packs {
		err = errors.Join(err, r.trySendRaw(p.Message))
	}
	return err
}

func (r *rig) sendRaw(m event.Message) {
	r.Helper()
	if err := r.trySendRaw(m); err != nil {
		r.Fatal(err)
	}
}

func (r *rig) trySendRaw(m event.Message) error {
	_, err := r.js.PublishMsg(r.Context(), &nats.Msg{Subject: m.Subject, Header: nats.Header(m.Header), Data: m.Data})
	return err
}

func (r *rig) consumer() *jetstream.ConsumerInfo {
	r.Helper()
	c, err := r.js.Consumer(r.Context(), "deposits", service)
	if err != nil {
		r.Fatal(err)
	}
	return c.CachedInfo()
}

// redelivered returns how many deliveries were more than a message's first.
func (r *rig) redelivered() int {
	r.Helper()
	info := r.consumer()
	return int(info.Delivered.Consumer) - int(info.Delivered.Stream)
}

// drained waits until everything was delivered and answered, also what is
// published meanwhile.
func (r *rig) drained() {
	r.Helper()
	s, err := r.js.Stream(r.Context(), "deposits")
	if err != nil {
		r.Fatal(err)
	}
	var info *jetstream.ConsumerInfo
	defer func() {
		if r.Failed() {
			r.Logf("pending %d, unanswered %d", info.NumPending, info.NumAckPending)
		}
	}()
	r.await("the consumer is drained", func() bool {
		info = r.consumer()
		all, err := s.Info(r.Context())
		if err != nil {
			r.Fatal(err)
		}
		return info.AckFloor.Stream == all.State.LastSeq && info.NumAckPending == 0
	})
}

// gate holds up whoever passes it until it is opened.
type gate struct {
	reached chan struct{}
	opened  chan struct{}
	once    sync.Once
	first   sync.Once
}

func newGate() *gate { return &gate{reached: make(chan struct{}), opened: make(chan struct{})} }

func (g *gate) pass() {
	g.first.Do(func() { close(g.reached) })
	<-g.opened
}

func (g *gate) open() { g.once.Do(func() { close(g.opened) }) }

// alone is a sealed event as a message of its own.
func alone(t testing.TB, r *rig, e event.Event) event.Message {
	t.Helper()
	return event.Alone(e, r.registry.Subject(e))
}
