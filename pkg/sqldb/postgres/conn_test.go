package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"orderly/internal/pgtest"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/postgres"
)

// single makes the accounts on a database with one connection that writes, so
// that what a transaction leaves behind is the next one's.
func single(t *testing.T, dsn string) *sqldb.DB {
	t.Helper()
	accounts(t, dsn)
	return mustOpenWith(t, postgres.Options{WriteConns: 1}, dsn)
}

// wantSum looks at the first account from outside any write transaction.
func wantSum(t *testing.T, db *sqldb.DB, want int) {
	t.Helper()
	var sum int
	if err := db.Reader().QueryRowContext(t.Context(), "SELECT sum FROM accounts WHERE id = 1").Scan(&sum); err != nil || sum != want {
		t.Errorf("got sum %d, %v; want %d", sum, err, want)
	}
}

// wantClean fails the test unless no transaction stays open, and the next one
// succeeds. The server needs a moment to notice that a connection is gone.
func wantClean(t *testing.T, db *sqldb.DB) {
	t.Helper()
	const query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	late := time.After(10 * time.Second)
	for open := -1; open != 0; {
		if err := db.Reader().QueryRowContext(t.Context(), query).Scan(&open); err != nil {
			t.Fatal(err)
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%d transactions were left open", open)
		}
	}
	mustExec(t, db, "UPDATE accounts SET sum = sum WHERE id = 1")
}

func TestTx_costs_a_round_trip_for_each_queue(t *testing.T) {
	t.Parallel()
	w := newWire(t)
	db := single(t, w.dsn)
	ctx := t.Context()
	queue := func(tx *sqldb.Tx, statements int) {
		for n := range statements {
			tx.Exec("add", fmt.Sprintf("UPDATE accounts SET sum = sum + %d WHERE id = $1", n), 1)
		}
	}
	cost := func(sent, statements, last int) int64 {
		return w.during(func() {
			err := db.InTx(ctx, func(tx *sqldb.Tx) error {
				for range sent {
					queue(tx, statements)
					if err := tx.Send(ctx); err != nil {
						return err
					}
				}
				queue(tx, last)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
	cost(1, 20, 1) // prepares
	for _, test := range []struct {
		sent, statements, last int
		want                   int64
	}{{0, 0, 0, 0}, {0, 0, 20, 1}, {1, 0, 0, 2}, {1, 1, 0, 2}, {1, 20, 0, 2}, {1, 20, 20, 2}, {2, 20, 0, 3}, {2, 20, 1, 3}} {
		if got := cost(test.sent, test.statements, test.last); got != test.want {
			t.Errorf("%d times %d statements, then %d and COMMIT: %d round trips, want %d", test.sent, test.statements, test.last, got, test.want)
		}
	}
}

// Nobody but the server knows that it committed.
func TestRetryable_lost_answer_of_a_commit(t *testing.T) {
	t.Parallel()
	const update = "UPDATE accounts SET sum = sum + 1 WHERE id = 1"
	for name, run := range map[string]func(ctx context.Context, db *sqldb.DB) error{
		"with the last statements": func(ctx context.Context, db *sqldb.DB) error { return exec(ctx, db, update) },
		"alone": func(ctx context.Context, db *sqldb.DB) error {
			return db.InTx(ctx, func(tx *sqldb.Tx) error {
				tx.Exec("add", update)
				return tx.Send(ctx)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t)
			db := single(t, w.dsn)
			w.loseCommit.Store(true)
			wantRetryable(t, db, run(t.Context(), db), true)
			if w.loseCommit.Load() {
				t.Error("no COMMIT was seen")
			}
			wantSum(t, db, 1)
			mustExec(t, db, update)
			wantSum(t, db, 2)
		})
	}
}

func TestRetryable_connection_killed_before_it_is_used(t *testing.T) {
	t.Parallel()
	db := single(t, pgtest.DSN(t))
	ctx := t.Context()
	var pid int
	err := db.InTx(ctx, func(tx *sqldb.Tx) error {
		pid = backend(t, tx)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.InTx(ctx, func(tx *sqldb.Tx) error {
		killBackend(t, db, pid)
		return add(ctx, tx, 1)
	})
	wantRetryable(t, db, err, true)
	wantSum(t, db, 0)
	wantClean(t, db)
}

// Whatever ends a transaction, the next one on its connection begins anew.
func TestInTx_leaves_a_clean_connection(t *testing.T) {
	t.Parallel()
	db := single(t, pgtest.DSN(t))
	ended := func(t *testing.T) context.Context {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		return ctx
	}
	soon := func(t *testing.T) context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	sleep := func(tx *sqldb.Tx) { tx.Exec("sleep", "SELECT pg_sleep(10)") }
	tests := []struct {
		name string
		fn   func(t *testing.T, tx *sqldb.Tx) error
		want string
	}{
		{"an ended context, nothing sent", func(t *testing.T, tx *sqldb.Tx) error { return add(ended(t), tx, 1) }, "context canceled"},
		{"a context that ends in the first queue", func(t *testing.T, tx *sqldb.Tx) error {
			sleep(tx)
			return add(soon(t), tx, 1)
		}, "deadline exceeded"},
		{"a context that ends in the second queue", func(t *testing.T, tx *sqldb.Tx) error {
			if err := add(t.Context(), tx, 1); err != nil {
				return err
			}
			sleep(tx)
			return tx.Send(soon(t))
		}, "deadline exceeded"},
		{"an argument that no column takes", func(_ *testing.T, tx *sqldb.Tx) error {
			tx.Exec("add", "UPDATE accounts SET sum = sum + 1 WHERE id = $1", 1)
			tx.Exec("add too much", "UPDATE accounts SET sum = $1", int64(1)<<40)
			return nil
		}, "add too much: "},
		{"a statement that cannot be prepared", func(_ *testing.T, tx *sqldb.Tx) error {
			tx.Exec("add", "UPDATE accounts SET sum = sum + 1 WHERE id = $1", 1)
			tx.Exec("look elsewhere", "SELECT FROM missing")
			return nil
		}, "look elsewhere: "},
		{"a function that rolls back itself", func(t *testing.T, tx *sqldb.Tx) error {
			inner, err := tx.SQL(t.Context())
			if err != nil {
				return err
			}
			if err := inner.Rollback(); err != nil {
				return err
			}
			return add(t.Context(), tx, 1)
		}, "already been committed or rolled back"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := db.InTx(t.Context(), func(tx *sqldb.Tx) error { return test.fn(t, tx) })
			if err == nil || db.Retryable(err) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, retryable %v; want %q, not retryable", err, db.Retryable(err), test.want)
			}
			wantSum(t, db, 0)
			wantClean(t, db)
		})
	}
}

// The context's end lets go of the rows while the function does something else,
// and the connection stays.
func TestInTx_unlocks_when_the_context_ends(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	db, other := single(t, dsn), mustOpen(t, dsn)
	ctx, cancel := context.WithCancel(t.Context())
	var before, after int
	err := db.InTx(ctx, func(tx *sqldb.Tx) error {
		before = backend(t, tx)
		if err := add(ctx, tx, 1); err != nil {
			return err
		}
		cancel()
		mustExec(t, other, "UPDATE accounts SET sum = sum + 10 WHERE id = 1")
		return add(ctx, tx, 1)
	})
	if !errors.Is(err, context.Canceled) || db.Retryable(err) {
		t.Errorf("got %v, retryable %v; want the context's error", err, db.Retryable(err))
	}
	wantSum(t, db, 10)
	wantClean(t, db)
	err = db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		after = backend(t, tx)
		return nil
	})
	if err != nil || before != after {
		t.Errorf("connection %d took the place of %d, %v", after, before, err)
	}
}
