package engine_test

import (
	"context"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"orderly/internal/pgtest"
	"orderly/pkg/engine"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/postgres"
)

// onServers opens a prepared database whose DSN names these servers, and lets
// the primary among them be found.
func onServers(t *testing.T, servers ...*pgtest.Server) *sqldb.DB {
	t.Helper()
	query := url.Values{"user": {"postgres"}, "target_session_attrs": {"read-write"}}
	var hosts string
	for _, s := range servers {
		hosts += "," + s.Dir()
	}
	query.Set("host", hosts[1:])
	db, err := postgres.Open(t.Context(), "postgres:///postgres?"+query.Encode())
	return prepared(t, db, err)
}

// operator runs statements as somebody whom no setting of the database stops.
func operator(t *testing.T, dsn string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn+"&default_transaction_read_only=off")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

const endOthers = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"

func setReadOnly(state string) string {
	return "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = " + state + "', current_database()); END $$"
}

// G1, G4: connections that are killed at any moment, in a batch or at its
// COMMIT, neither lose nor double an effect.
func TestEngine_connections_killed_at_random(t *testing.T) {
	t.Parallel()
	const kills, between = 20, 20
	dsn := pgtest.DSN(t)
	db, err := postgres.Open(t.Context(), dsn)
	r := newRig(t, prepared(t, db, err))
	r.start(func(c *engine.Config) { c.MaxInputs = 4 })
	for k := range kills {
		before := len(r.observed())
		r.publish(ones(k*between, (k+1)*between)...)
		r.await("a batch is through", func() bool { return len(r.observed()) > before })
		operator(t, dsn, endOthers)
	}
	r.drained()
	r.wantBalance(kills * between)
	r.wantAnswered(ones(0, kills*between)...)
	r.wantDeaths(map[string]death{})
	if r.reruns() == 0 {
		t.Error("no batch was run again: was a connection killed in one?")
	}
}

// G1, G4: a server that takes no writes for a while, as one that was demoted, is
// waited for. The connections that met it are not used again.
func TestEngine_database_that_is_read_only(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	db, err := postgres.Open(t.Context(), dsn)
	r := newRig(t, prepared(t, db, err))
	var loads atomic.Int64
	r.bank.onLoad = func([]*engine.Input) error {
		loads.Add(1)
		return nil
	}
	r.start(nil)
	r.publish(ones(0, 10)...)
	r.drained()
	operator(t, dsn, setReadOnly("on"), endOthers)
	before := loads.Load()
	r.publishPack(ones(10, 20)...)
	r.await("the engine was refused again and again", func() bool { return loads.Load() > before+2 })
	operator(t, dsn, setReadOnly("off"))
	r.drained()
	r.wantBalance(20)
	r.wantAnswered(ones(0, 20)...)
	r.wantDeaths(map[string]death{})
}

// G1, G4: a COMMIT that happened and whose answer was lost is found, not
// repeated. The server waits for a standby that is not there, has committed by
// then, and is killed.
func TestEngine_killed_after_the_commit(t *testing.T) {
	t.Parallel()
	server := pgtest.Private(t, pgtest.Options{})
	r := newRig(t, onServers(t, server))
	server.Exec("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
	server.Exec("SELECT pg_reload_conf()")
	r.await("the server waits for standbys", func() bool {
		var names string
		err := r.db.Reader().QueryRowContext(t.Context(), "SHOW synchronous_standby_names").Scan(&names)
		return err == nil && names == "nobody"
	})
	r.publishPack(ones(0, 10)...)
	r.start(nil)
	const waiting = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep'"
	r.await("the COMMIT has happened and waits", func() bool { return r.number("SELECT count(*) "+waiting) == 1 })
	if n := r.number("SELECT count(pg_terminate_backend(pid, 10000)) " + waiting); n != 1 {
		t.Fatalf("killed %d, want 1", n)
	}
	server.Exec("ALTER SYSTEM RESET synchronous_standby_names")
	server.Exec("SELECT pg_reload_conf()")
	r.drained()
	r.wantBalance(10)
	r.wantAnswered(ones(0, 10)...)
	r.wantDeaths(map[string]death{})
	if n := r.bank.decisions(depositID(0)); n < 2 {
		t.Errorf("decided %d times: was the answer of the COMMIT lost?", n)
	}
}

// G1, G4: the primary dies in the middle of the work, and its standby takes over.
func TestEngine_failover_to_the_standby(t *testing.T) {
	t.Parallel()
	primary, standby := pgtest.WithStandby(t)
	r := newRig(t, onServers(t, primary, standby))
	r.start(func(c *engine.Config) { c.MaxInputs = 4 })
	r.publish(ones(0, 100)...)
	r.await("some of the work is done", func() bool { return len(r.observed()) > 5 })
	primary.Crash()
	standby.Exec("SELECT pg_promote()")
	r.publish(ones(100, 200)...)
	r.drained()
	r.wantBalance(200)
	r.wantAnswered(ones(0, 200)...)
	r.wantDeaths(map[string]death{})
}

// crossing is a bank that first locks two accounts in an order of its own.
type crossing struct {
	*bank
	first, then string
	meet        func() // between the two
}

func (c crossing) Load(ctx context.Context, tx *sqldb.Tx, inputs []*engine.Input) (engine.State, error) {
	lock := func(name string) error {
		tx.Exec("lock", "UPDATE accounts SET balance = balance WHERE name = $1", name)
		return tx.Send(ctx)
	}
	if err := lock(c.first); err != nil {
		return nil, err
	}
	c.meet()
	if err := lock(c.then); err != nil {
		return nil, err
	}
	return c.bank.Load(ctx, tx, inputs)
}

// G4: of two replicas that deadlock one runs again, and both get their answer.
func TestEngine_deadlock_of_two_replicas(t *testing.T) {
	t.Parallel()
	db, err := postgres.Open(t.Context(), pgtest.DSN(t)+"&deadlock_timeout=50ms")
	r := newRig(t, prepared(t, db, err))
	err = r.db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		tx.Exec("accounts", "INSERT INTO accounts (name, balance) VALUES ('a', 0), ('b', 0)")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var both, done sync.WaitGroup
	both.Add(2)
	for i, order := range [][2]string{{"a", "b"}, {"b", "a"}} {
		var first sync.Once
		e := r.start(func(c *engine.Config) {
			c.Consumers = nil
			c.Decider = crossing{r.bank, order[0], order[1], func() {
				first.Do(func() { both.Done(); both.Wait() })
			}}
		})
		done.Go(func() {
			if _, err := e.Do(t.Context(), one(i, ""), engine.Meta{}); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	r.wantBalance(2)
	r.await("one ran again", func() bool { return r.reruns() > 0 })
}
