package engine_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"orderly/pkg/engine"
	"orderly/pkg/sqldb"
)

// onEachFaulty runs a test on both databases, behind a driver that can fail.
func onEachFaulty(t *testing.T, test func(t *testing.T, r *rig, f *faulty)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB) (*sqldb.DB, *faulty){"sqlite": faultySQLite, "postgres": faultyPostgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db, f := open(t)
			test(t, newRig(t, db), f)
		})
	}
}

// A COMMIT without an answer has happened or not: running the batch again tells.
func TestEngine_unknown_commit(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]func(driver.Tx) error{"happened": driver.Tx.Commit, "did not happen": driver.Tx.Rollback} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onEachFaulty(t, func(t *testing.T, r *rig, f *faulty) {
				var times atomic.Int64
				fail := func(tx driver.Tx) error {
					if times.Add(1) > 2 {
						return tx.Commit()
					}
					return errors.Join(io.ErrUnexpectedEOF, lost(tx))
				}
				r.publishPack(ones(1, 11)...)
				f.commit.Store(&fail)
				r.start(nil)
				r.drained()
				r.wantBalance(10)
				r.wantAnswered(ones(1, 11)...)
				r.wantDeaths(map[string]death{})
				if n := r.reruns(); n != 2 {
					t.Errorf("%d reruns, want 2", n)
				}
			})
		})
	}
}

// The same for what a failure leaves behind: a dead letter is written once and
// still published.
func TestEngine_unknown_commit_of_a_dead_letter(t *testing.T) {
	t.Parallel()
	onEachFaulty(t, func(t *testing.T, r *rig, f *faulty) {
		r.bank.faults()
		var times atomic.Int64
		fail := func(tx driver.Tx) error {
			err := tx.Commit()
			if times.Add(1) == 1 {
				return errors.Join(io.ErrUnexpectedEOF, err)
			}
			return err
		}
		f.commit.Store(&fail)
		r.publish(one(1, "never"))
		r.start(nil)
		r.drained()
		want := map[string]death{r.made(one(1, "")).ID: {"refused", 1}}
		r.wantDeaths(want)
		r.wantLetters(want)
	})
}

func TestEngine_connection_killed_in_a_batch(t *testing.T) {
	t.Parallel()
	r := newRig(t, onPostgres(t))
	var killed atomic.Bool
	r.bank.midway = func(d deposit) {
		if d.ID == depositID(5) && !killed.Swap(true) {
			r.number(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
				WHERE datname = current_database() AND state = 'idle in transaction'`)
		}
	}
	r.publishPack(ones(1, 11)...)
	r.start(nil)
	r.drained()
	r.wantBalance(10)
	r.wantDeaths(map[string]death{})
	if n := r.reruns(); n < 1 {
		t.Error("the batch was not run again: was the connection killed?")
	}
}

// Whatever keeps the service from its own tables, though the database works, is
// nobody's fault: it is waited for, and nothing is counted, for however long.
func TestEngine_passing_errors(t *testing.T) {
	t.Parallel()
	for code, times := range map[string]int64{
		"40001": 8, "40P01": 8, "42501": 8, "55P03": 8, "57014": 8, "57P01": 8, "53100": 8, "25006": 8, // more than a conflict may stay
		"23505": 3,
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			db, f := faultyPostgres(t)
			r := newRig(t, db)
			var failed atomic.Int64
			fail := func(query string) error {
				if strings.HasPrefix(query, "INSERT INTO deposits") && failed.Add(1) <= times {
					return &pgconn.PgError{Code: code}
				}
				return nil
			}
			r.publishPack(ones(1, 4)...)
			f.statement.Store(&fail)
			r.start(func(c *engine.Config) { c.MaxAttempts = 1 })
			r.drained()
			r.wantBalance(3)
			r.wantDeaths(map[string]death{})
			if n := r.reruns(); n != int(times) || len(r.observed()) != 1 {
				t.Errorf("%d batches and %d reruns, want 1 and %d: nothing is taken apart", len(r.observed()), n, times)
			}
		})
	}
}

// A database that is away for long costs waiting, nothing else.
func TestEngine_database_away(t *testing.T) {
	t.Parallel()
	onEachFaulty(t, func(t *testing.T, r *rig, f *faulty) {
		var times atomic.Int64
		away := func(tx driver.Tx) error {
			times.Add(1)
			return errors.Join(io.ErrUnexpectedEOF, tx.Rollback())
		}
		f.commit.Store(&away)
		r.publishPack(ones(1, 3)...)
		r.start(func(c *engine.Config) { c.MaxAttempts = 1 })
		r.await("it was tried often", func() bool { return times.Load() > 8 })
		f.commit.Store(nil)
		r.drained()
		r.wantBalance(2)
		r.wantDeaths(map[string]death{})
		if n := r.redelivered(); n != 0 {
			t.Errorf("%d messages were delivered again", n)
		}
	})
}

// The one input that the transaction cannot be committed with is found.
func TestEngine_constraint_of_the_database(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		rich := deposit{ID: depositID(50), Account: "rich", Amount: limit + 1}
		r.publishPack(append(ones(1, 8), append([]deposit{rich}, ones(8, 16)...)...)...)
		r.start(nil)
		r.drained()
		r.wantBalance(15)
		r.wantAnswered(ones(1, 16)...)
		r.wantDeaths(map[string]death{r.made(rich).ID: {"attempts_exhausted", 5}})
		if n := len(r.observed()); n > 4+5 {
			t.Errorf("%d commits, want 4 of ever smaller halves and 5 of attempts", n)
		}
	})
}

// An error that should pass, but never does, is its input's after all.
func TestEngine_passing_error_that_stays(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		taken := one(1, "taken")
		r.publishPack(ones(2, 5)...)
		r.publish(taken)
		violation := r.uniqueViolation()
		r.bank.onLoad = func(inputs []*engine.Input) error {
			for _, in := range inputs {
				if body(in).Note == "taken" {
					return violation
				}
			}
			return nil
		}
		r.start(func(c *engine.Config) { c.MaxAttempts = 2 })
		r.drained()
		r.wantBalance(3)
		r.wantDeaths(map[string]death{r.made(taken).ID: {"attempts_exhausted", 2}})
	})
}

// uniqueViolation is a true one of the database.
func (r *rig) uniqueViolation() error {
	err := r.db.InTx(context.Background(), func(tx *sqldb.Tx) error {
		tx.Exec("mark", "INSERT INTO engine_marks (consumer, handled_at) VALUES ('twice', 1), ('twice', 1)")
		return nil
	})
	if !r.db.Conflict(err) {
		r.Errorf("not a violation: %v", err)
	}
	return err
}

// A decider that does not return in time loses its turn, not the others theirs,
// and only once it has failed alone.
func TestEngine_decider_that_hangs(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	r.bank.decide = func(ctx context.Context, _ *engine.Input, d deposit) error {
		if d.Note == "hang" {
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}
	r.publishPack(one(1, ""), one(2, "hang"), one(3, ""))
	r.start(func(c *engine.Config) { c.TransactionTimeout, c.MaxAttempts = 500*time.Millisecond, 2 })
	r.drained()
	r.wantBalance(2)
	r.wantDeaths(map[string]death{r.made(one(2, "")).ID: {"attempts_exhausted", 2}})
	// Once where the time of the first transaction was over before it came to decide.
	if n := r.bank.decisions(depositID(1)); n < 1 || n > 2 {
		t.Errorf("a neighbour was decided %d times, want 2: it is known who hangs", n)
	}
	if n := r.bank.decisions(depositID(2)); n < 1+2*3 {
		t.Errorf("it was decided %d times, want once with the others and 3 times for each attempt", n)
	}
}

// What hangs in Load is found, whoever it is.
func TestEngine_load_that_hangs(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	r.bank.onLoad = func(inputs []*engine.Input) error {
		for _, in := range inputs {
			if body(in).Note == "hang" {
				return context.DeadlineExceeded
			}
		}
		return nil
	}
	r.publishPack(one(1, ""), one(2, ""), one(3, "hang"), one(4, ""))
	r.start(func(c *engine.Config) { c.MaxAttempts = 1 })
	r.drained()
	r.wantBalance(3)
	r.wantDeaths(map[string]death{r.made(one(3, "")).ID: {"attempts_exhausted", 1}})
}

// Panics of Load and Save, as of Decide, are the input's that causes them, and
// nothing of the run that failed survives.
func TestEngine_panics(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		var once atomic.Bool
		r.bank.onLoad = func(inputs []*engine.Input) error {
			for _, in := range inputs {
				if body(in).Note == "load" {
					panic("no cheese")
				}
			}
			return nil
		}
		r.bank.onSave = func() error {
			if !once.Swap(true) {
				panic("no cheese once")
			}
			return nil
		}
		r.bank.midway = func(d deposit) {
			if d.Note == "midway" {
				panic("the account holds too much already")
			}
		}
		r.publishPack(one(1, ""), one(2, "load"), one(3, ""), one(4, "midway"), one(5, ""))
		r.start(nil)
		r.drained()
		r.wantBalance(3)
		r.wantDeaths(map[string]death{r.made(one(2, "")).ID: {"panic", 5}, r.made(one(4, "")).ID: {"panic", 5}})
	})
}
