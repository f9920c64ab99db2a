package engine_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
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
	patience = 20 * time.Second
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
	if err := engine.Migrate(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	err = db.InTx(t.Context(), func(tx *sql.Tx, _ time.Time) error {
		for _, statement := range bankSchema {
			if _, err := tx.Exec(statement); err != nil {
				return err
			}
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
	r := &rig{TB: t, server: natstest.Start(t), db: db, registry: contracts(t)}
	r.bank = &bank{db: db, seen: map[string]int{}}
	r.js = natstest.Connect(t, r.server).JetStream()
	for _, name := range []string{"deposits", "balances", "dlq"} {
		r.makeStream(name)
	}
	r.makeConsumer()
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
	packs, err := r.registry.Pack(events, 0)
	if err != nil {
		r.Fatal(err)
	}
	for _, p := range packs {
		r.sendRaw(p.Message)
	}
}

func (r *rig) sendRaw(m event.Message) {
	r.Helper()
	_, err := r.js.PublishMsg(r.Context(), &nats.Msg{Subject: m.Subject, Header: nats.Header(m.Header), Data: m.Data})
	if err != nil {
		r.Fatal(err)
	}
}

func (r *rig) consumer() *jetstream.ConsumerInfo {
	r.Helper()
	c, err := r.js.Consumer(r.Context(), "deposits", service)
	if err != nil {
		r.Fatal(err)
	}
	return c.CachedInfo()
}

// drained waits until everything was delivered and answered.
func (r *rig) drained() {
	r.Helper()
	s, err := r.js.Stream(r.Context(), "deposits")
	if err != nil {
		r.Fatal(err)
	}
	last := s.CachedInfo().State.LastSeq
	var info *jetstream.ConsumerInfo
	defer func() {
		if r.Failed() {
			r.Logf("pending %d, unanswered %d", info.NumPending, info.NumAckPending)
		}
	}()
	r.await("the consumer is drained", func() bool {
		info = r.consumer()
		return info.AckFloor.Stream == last && info.NumAckPending == 0
	})
}

// stored returns all messages of a stream.
func (r *rig) stored(stream string) []*jetstream.RawStreamMsg {
	r.Helper()
	s, err := r.js.Stream(r.Context(), stream)
	if err != nil {
		r.Fatal(err)
	}
	var out []*jetstream.RawStreamMsg
	for seq := uint64(1); seq <= s.CachedInfo().State.LastSeq; seq++ {
		m, err := s.GetMsg(r.Context(), seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			r.Fatal(err)
		}
		out = append(out, m)
	}
	return out
}

// answers returns what was published about each deposit, and checks that every
// answer to one is the same.
func (r *rig) answers() map[string][]event.Event {
	r.Helper()
	out := map[string][]event.Event{}
	for _, m := range r.stored("balances") {
		results, err := r.registry.Open(event.Message{Subject: m.Subject, Header: m.Header, Data: m.Data})
		if err != nil {
			r.Fatal(err)
		}
		for _, res := range results {
			if res.Err != nil {
				r.Fatal(res.Err)
			}
			before := out[res.Event.Subject]
			if len(before) > 0 && (before[0].ID != res.Event.ID || string(before[0].Data) != string(res.Event.Data)) {
				r.Errorf("deposit %s got two answers: %s %s and %s %s", res.Event.Subject, before[0].ID, before[0].Data, res.Event.ID, res.Event.Data)
			}
			out[res.Event.Subject] = append(before, res.Event)
		}
	}
	return out
}

// wantBalance checks the account "a", and that its deposits add up to it.
func (r *rig) wantBalance(want int) {
	r.Helper()
	got := r.number("SELECT coalesce(sum(balance), 0) FROM accounts WHERE name = 'a'")
	if sum := r.number("SELECT coalesce(sum(amount), 0) FROM deposits WHERE done AND account = 'a'"); got != want || sum != want {
		r.Errorf("the account holds %d and its deposits are %d, want %d", got, sum, want)
	}
}

func (r *rig) number(query string, args ...any) int {
	r.Helper()
	var n int
	if err := r.db.Reader().QueryRow(query, args...).Scan(&n); err != nil {
		r.Fatal(err)
	}
	return n
}

// wantAnswered checks that each deposit was answered at least once.
func (r *rig) wantAnswered(ds ...deposit) {
	r.Helper()
	got := r.answers()
	for _, d := range ds {
		if len(got[d.ID]) == 0 {
			r.Errorf("deposit %s was not answered", d.ID)
		}
	}
}

// death is what the dead letters' table knows of one.
type death struct {
	kind     string
	attempts int
}

func (r *rig) deaths() map[string]death {
	r.Helper()
	rows, err := r.db.Reader().Query("SELECT event_id, kind, attempts FROM engine_dead_letters")
	if err != nil {
		r.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	out := map[string]death{}
	for rows.Next() {
		var id string
		var d death
		if err := rows.Scan(&id, &d.kind, &d.attempts); err != nil {
			r.Fatal(err)
		}
		out[id] = d
	}
	return out
}

func (r *rig) wantDeaths(want map[string]death) {
	r.Helper()
	if got := r.deaths(); fmt.Sprint(got) != fmt.Sprint(want) {
		r.Errorf("dead letters:\n got %v\nwant %v", got, want)
	}
	if n := r.number("SELECT count(*) FROM engine_attempts"); n != 0 {
		r.Errorf("%d attempts are left in the table", n)
	}
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
