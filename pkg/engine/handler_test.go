package engine_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"orderly/pkg/engine"
	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

// naive is a handler as anybody would write it: nothing in it knows of
// duplicates.
func naive(calls *atomic.Int64) func(context.Context, *sql.Tx, deposit) ([]event.Event, error) {
	return func(ctx context.Context, tx *sql.Tx, d deposit) ([]event.Event, error) {
		calls.Add(1)
		var now int
		err := tx.QueryRowContext(ctx, `INSERT INTO accounts (name, balance) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET balance = accounts.balance + excluded.balance RETURNING balance`, d.Account, d.Amount).Scan(&now)
		if err != nil {
			return nil, err
		}
		switch d.Note {
		case "panic":
			panic("out of cheese")
		case "fail":
			return nil, errors.New("no luck")
		case "swallow":
			_, _ = tx.ExecContext(ctx, "SELECT * FROM no_such_table")
		case "rollback":
			_ = tx.Rollback()
		}
		return []event.Event{{Name: "balances.changed", Subject: d.ID, Payload: balance{Deposit: d.ID, Account: d.Account, Balance: now}}}, nil
	}
}

func (r *rig) startHandlers(calls *atomic.Int64, change func(*engine.Config)) *engine.Engine {
	r.Helper()
	h, err := engine.Handlers(service, r.db, r.registry, engine.Handle("deposits.made", naive(calls)))
	if err != nil {
		r.Fatal(err)
	}
	return r.start(func(c *engine.Config) {
		c.Decider = h
		if change != nil {
			change(c)
		}
	})
}

func (r *rig) holds() int {
	return r.number("SELECT coalesce(sum(balance), 0) FROM accounts")
}

// G4: the inbox gives a handler one effect and one answer for each event.
func TestHandlers_duplicates(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		var calls atomic.Int64
		e := r.startHandlers(&calls, nil)
		r.send([]event.Event{r.made(one(1, "")), r.made(one(1, "")), r.made(one(2, ""))})
		r.drained()
		r.publish(one(1, ""))
		r.drained()
		r.stop(e)
		err := r.db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			tx.Exec("age", "UPDATE engine_inbox SET handled_at = handled_at - 2700000000000") // by a month
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		r.startHandlers(&calls, nil)
		r.publishPack(one(1, ""), one(3, ""))
		r.drained()
		if got := r.holds(); got != 3 || calls.Load() != 3 {
			t.Errorf("the account holds %d after %d calls, want 3 and 3", got, calls.Load())
		}
		if n := len(r.answers()[depositID(1)]); n != 3 {
			t.Errorf("answered %d times, want 3", n)
		}
	})
}

// Each function has a savepoint: what one did before it failed is undone, and
// the others' work is not.
func TestHandlers_poison(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		var calls atomic.Int64
		bad := []deposit{one(10, "fail"), one(11, "panic"), one(12, "rollback")}
		want := map[string]death{
			r.made(bad[0]).ID: {"attempts_exhausted", 5}, r.made(bad[1]).ID: {"panic", 5}, r.made(bad[2]).ID: {"attempts_exhausted", 5},
		}
		if r.db.Dialect().Name == "postgres" { // SQLite takes no offence
			bad = append(bad, one(13, "swallow"))
			want[r.made(bad[3]).ID] = death{"attempts_exhausted", 5}
		}
		broke := deposit{ID: depositID(14), Account: "rich", Amount: limit + 1}
		want[r.made(broke).ID] = death{"attempts_exhausted", 5}
		r.publishPack(append(append(ones(1, 4), append(bad, broke)...), ones(4, 7)...)...)
		r.startHandlers(&calls, nil)
		r.drained()
		if got := r.holds(); got != 6 {
			t.Errorf("the account holds %d, want 6", got)
		}
		r.wantAnswered(ones(1, 7)...)
		r.wantDeaths(want)
		if r.db.Dialect().Name == "postgres" {
			if n := r.number("SELECT count(*) FROM engine_dead_letters WHERE error LIKE '%let a failed statement pass%'"); n != 1 {
				t.Errorf("%d dead letters say that a failed statement was let pass, want 1", n)
			}
		}
	})
}

// A handler that hits a row that is there already fails by itself: the engine
// does not wait for ever for a race to end that is none.
func TestHandlers_unique_violation(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		insert := func(ctx context.Context, tx *sql.Tx, d deposit) ([]event.Event, error) {
			_, err := tx.ExecContext(ctx, "INSERT INTO accounts (name, balance) VALUES ($1, 1)", d.Account)
			return nil, err
		}
		h, err := engine.Handlers(service, r.db, r.registry, engine.Handle("deposits.made", insert))
		if err != nil {
			t.Fatal(err)
		}
		r.publishPack(deposit{ID: depositID(1), Account: "x", Amount: 1}, deposit{ID: depositID(2), Account: "x", Amount: 1},
			deposit{ID: depositID(3), Account: "y", Amount: 1})
		r.start(func(c *engine.Config) { c.Decider, c.MaxAttempts = h, 2 })
		r.drained()
		if got := r.holds(); got != 2 {
			t.Errorf("%d accounts, want 2", got)
		}
		if got := r.deaths(); len(got) != 1 {
			t.Errorf("dead letters are %v, want one", got)
		}
	})
}

// Two replicas that hear the same event at once have one effect.
func TestHandlers_two_replicas(t *testing.T) {
	t.Parallel()
	r := newRig(t, onPostgres(t))
	var calls atomic.Int64
	h, err := engine.Handlers(service, r.db, r.registry, engine.Handle("deposits.made", naive(&calls)))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		r.start(func(c *engine.Config) { c.Decider = h })
	}
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { r.publish(ones(1, 31)...) })
	}
	wg.Wait()
	r.drained()
	if got := r.holds(); got != 30 {
		t.Errorf("the account holds %d, want 30", got)
	}
	r.answers() // each is the same every time
	r.wantDeaths(map[string]death{})
}

func TestHandlers_registration(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	var calls atomic.Int64
	one, two := engine.Handle("deposits.made", naive(&calls)), engine.Handle("deposits.made", naive(&calls))
	if _, err := engine.Handlers(service, r.db, r.registry, one, two); err == nil {
		t.Error("two handlers of one event were taken")
	}
}

func TestHandlers_event_of_another_type(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	wrong := func(context.Context, *sql.Tx, balance) ([]event.Event, error) { return nil, nil }
	h, err := engine.Handlers(service, r.db, r.registry, engine.Handle("deposits.made", wrong))
	if err != nil {
		t.Fatal(err)
	}
	r.publish(one(1, ""))
	e := r.start(func(c *engine.Config) { c.Decider = h })
	r.drained()
	r.wantDeaths(map[string]death{r.made(one(1, "")).ID: {"refused", 1}})
	if _, err := e.Do(t.Context(), one(2, ""), engine.Meta{}); err == nil {
		t.Error("handlers took a command")
	}
}

// mendedHandler does what naive does, without its faults.
func mendedHandler(calls *atomic.Int64) func(context.Context, *sql.Tx, deposit) ([]event.Event, error) {
	handle := naive(calls)
	return func(ctx context.Context, tx *sql.Tx, d deposit) ([]event.Event, error) {
		d.Note = ""
		return handle(ctx, tx, d)
	}
}
