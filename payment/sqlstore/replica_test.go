package sqlstore_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"orderly/events"
	"orderly/internal/pgtest"
	"orderly/pkg/engine"
	"orderly/pkg/event"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/postgres"
	"orderly/pkg/sqldb/sqlite"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const lane = "express"

// database is one that a promise must hold on. Each open is a replica's own.
type database struct {
	name string
	dsn  string
	open func(t testing.TB) *sqldb.DB
}

func onEach(t *testing.T, test func(t *testing.T, d database)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, onSQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, onPostgres(t))
	})
}

func onSQLite(t testing.TB) database {
	path := filepath.Join(t.TempDir(), "test.db")
	return migrated(t, database{name: "sqlite", dsn: path, open: func(t testing.TB) *sqldb.DB {
		db, err := sqlite.Options{Synchronous: sqlite.Off}.Open(t.Context(), path)
		return closed(t, db, err)
	}})
}

func onPostgres(t testing.TB) database {
	dsn := pgtest.DSN(t) + "&deadlock_timeout=100ms"
	return migrated(t, database{name: "postgres", dsn: dsn, open: func(t testing.TB) *sqldb.DB {
		// One connection that writes: a batch that runs again keeps its backend.
		db, err := postgres.Options{WriteConns: 1, ReadConns: 2}.Open(t.Context(), dsn)
		return closed(t, db, err)
	}})
}

func migrated(t testing.TB, d database) database {
	t.Helper()
	if err := migrate(t.Context(), d.open(t)); err != nil {
		t.Fatal(err)
	}
	return d
}

func closed(t testing.TB, db *sqldb.DB, err error) *sqldb.DB {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

func newRegistry(t testing.TB) *event.Registry {
	t.Helper()
	var contracts []event.Contract
	for _, v := range events.Catalog() {
		contracts = append(contracts, event.Contract{
			Name:    v.Name,
			Version: v.Version,
			Decode:  func(data []byte) (any, error) { return v.Decode(data) },
			Encode: func(payload any) ([]byte, error) {
				if err := payload.(events.Event).Validate(); err != nil {
					return nil, err
				}
				return json.Marshal(payload)
			},
		})
	}
	r, err := event.NewRegistry("test.", contracts...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// replica is one process of the service.
type replica struct {
	db       *sqldb.DB
	decider  engine.Decider
	registry *event.Registry
	ahead    time.Duration // of the database's clock
}

// later returns the replica as it will be after d.
func (r replica) later(d time.Duration) replica {
	r.ahead += d
	return r
}

// answer is what became of one input.
type answer struct {
	engine.Decision
	err error
}

// says lists the names of the answer's events.
func (a answer) says() []string {
	var names []string
	for _, e := range a.Events {
		names = append(names, e.Name)
	}
	return names
}

// gate is passed before each step of a transaction: load, save, commit.
type gate func(ctx context.Context, tx *sql.Tx) error

func straight(context.Context, *sql.Tx) error { return nil }

// do decides inputs in one batch, which must be committed at the first try.
func (r replica) do(t testing.TB, bodies ...any) []answer {
	t.Helper()
	answers, err := r.try(t.Context(), straight, bodies)
	if err != nil {
		t.Fatal(err)
	}
	return answers
}

// tell decides one input, which must not be refused.
func (r replica) tell(t testing.TB, body any) answer {
	t.Helper()
	a := r.do(t, body)[0]
	if a.err != nil {
		t.Fatalf("%T was refused: %v", body, a.err)
	}
	return a
}

// commit runs a batch as the engine does, again and again while its failure
// says nothing about the inputs. It returns the failures too. Only the first
// run passes the gate.
func (r replica) commit(ctx context.Context, pass gate, bodies []any) (answers []answer, failures []error, err error) {
	for {
		answers, err = r.try(ctx, pass, bodies)
		if err == nil || !r.db.Retryable(err) {
			return answers, failures, err
		}
		failures, pass = append(failures, err), straight
	}
}

// try runs a batch in one transaction.
func (r replica) try(ctx context.Context, pass gate, bodies []any) ([]answer, error) {
	inputs := make([]*engine.Input, len(bodies))
	for i, body := range bodies {
		in, err := r.input(body)
		if err != nil {
			return nil, err
		}
		inputs[i] = in
	}
	answers := make([]answer, len(inputs))
	var state engine.State
	err := r.db.InTx(ctx, func(tx *sql.Tx, now time.Time) (err error) {
		now = now.Add(r.ahead)
		if err := pass(ctx, tx); err != nil {
			return err
		}
		if state, err = r.decider.Load(ctx, tx, now, inputs); err != nil {
			return err
		}
		for i, in := range inputs {
			answers[i].Decision, answers[i].err = state.Decide(ctx, in)
			if err := r.seal(answers[i].Events, in, now); err != nil {
				return err
			}
		}
		if err := pass(ctx, tx); err != nil {
			return err
		}
		if err := state.Save(ctx, tx); err != nil {
			return err
		}
		return pass(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	state.Committed()
	return answers, nil
}

// input makes what the engine hands to a decider.
func (r replica) input(body any) (*engine.Input, error) {
	e, ok := body.(events.Event)
	if !ok {
		return &engine.Input{Body: body}, nil
	}
	heard := event.Event{
		ID:            eventID(e),
		Name:          e.EventName(),
		Version:       e.EventVersion(),
		Source:        "test",
		Subject:       e.Order(),
		Payload:       e,
		Lane:          lane,
		CorrelationID: "story",
		CausationID:   "cause of " + e.EventName(),
	}
	err := r.registry.Seal(&heard)
	return &engine.Input{Body: e, Event: &heard, Meta: engine.Meta{CorrelationID: "story", CausationID: heard.ID, Lane: lane}}, err
}

// seal completes events in place, as the engine does between Decide and Save.
func (r replica) seal(says []event.Event, in *engine.Input, now time.Time) error {
	for i := range says {
		e := &says[i]
		e.ID, e.Source, e.CausationID = event.DeriveID(e.Subject, e.Name), "test", in.Meta.CausationID
		if e.Lane == "" {
			e.Lane = in.Meta.Lane
		}
		if e.Time.IsZero() {
			e.Time = now
		}
		if err := r.registry.Seal(e); err != nil {
			return err
		}
	}
	return nil
}

func eventID(e events.Event) string { return event.DeriveID(e.Order(), e.EventName()) }

// rows returns what a query finds, each row's columns joined by spaces.
func rows(t testing.TB, db *sqldb.DB, query string, args ...any) []string {
	t.Helper()
	found, err := db.Reader().QueryContext(t.Context(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	columns, err := found.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for found.Next() {
		cells := make([]sql.NullString, len(columns))
		into := make([]any, len(columns))
		for i := range cells {
			into[i] = &cells[i]
		}
		if err := found.Scan(into...); err != nil {
			t.Fatal(err)
		}
		row := ""
		for i, c := range cells {
			if i > 0 {
				row += " "
			}
			row += c.String
		}
		out = append(out, row)
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// want fails unless got, printed, is what is wanted.
func want(t testing.TB, what string, got, wanted any) {
	t.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(wanted); g != w {
		t.Errorf("%s: got %s, want %s", what, g, w)
	}
}

func wantRefused(t testing.TB, a answer, reason error) {
	t.Helper()
	if !errors.Is(a.err, reason) || len(a.Events) != 0 || a.Call != nil {
		t.Errorf("got %v with events %v, want nothing but the error %q", a.err, a.says(), reason)
	}
}
