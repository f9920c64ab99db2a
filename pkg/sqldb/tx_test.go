package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"orderly/pkg/sqldb"
)

func TestInTx_commits_when_the_function_returns_nil(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := withItems(t, e)
		mustInsert(t, db, 1, 7)
		if got := mustLoad(t, e.open(t), key(1)); len(got) != 1 || *got[0].qty != 7 {
			t.Errorf("another connection sees %v, want the row", got)
		}
	})
}

func TestInTx_rolls_back(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := withItems(t, e)
		ctx, cancel := context.WithCancel(t.Context())
		sentinel := errors.New("no")
		tests := map[string]func() error{
			"on an error":              func() error { return sentinel },
			"on a panic":               func() error { panic(sentinel) },
			"when the context is over": func() error { cancel(); return nil },
		}
		for _, name := range []string{"on an error", "on a panic", "when the context is over"} {
			panicked, err := caught(func() error {
				return db.InTx(ctx, func(tx *sqldb.Tx) error {
					tx.Exec("write", writeOne, key(1))
					if err := tx.Send(ctx); err != nil {
						t.Fatal(err)
					}
					return tests[name]()
				})
			})
			switch name {
			case "on an error":
				if err != sentinel {
					t.Errorf("%s: got error %v, want the function's own", name, err)
				}
			case "on a panic":
				if panicked != sentinel {
					t.Errorf("%s: got panic %v, want the function's own", name, panicked)
				}
			default:
				if !errors.Is(err, context.Canceled) || db.Retryable(err) {
					t.Errorf("%s: got %v, retryable %v; want the context's error, not retryable", name, err, db.Retryable(err))
				}
			}
			if got := mustLoad(t, db, key(1)); len(got) != 0 {
				t.Errorf("%s: the row is there", name)
			}
		}
		mustInsert(t, db, 2, 1)
	})
}

const writeOne = "INSERT INTO items (id) VALUES ($1)"

// caught returns what fn returned or panicked with.
func caught(fn func() error) (panicked any, err error) {
	defer func() { panicked = recover() }()
	return nil, fn()
}

func TestInTx_time_is_utc_in_microseconds_and_does_not_move(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := withItems(t, e)
		before := time.Now().Truncate(time.Microsecond)
		var now time.Time
		err := db.InTx(t.Context(), func(tx *sqldb.Tx) (err error) {
			if now, err = tx.Now(t.Context()); err != nil {
				return err
			}
			again, err := tx.Now(t.Context())
			if !again.Equal(now) {
				t.Errorf("got %v, then %v", now, again)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if now.Before(before) || now.After(time.Now()) {
			t.Errorf("got %v, want between %v and now", now, before)
		}
		if now.Location() != time.UTC || now.Nanosecond()%1000 != 0 {
			t.Errorf("got %v, want UTC in whole microseconds", now)
		}
	})
}

func TestNow_is_utc_in_microseconds(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := e.open(t)
		before := time.Now().Truncate(time.Microsecond)
		now, err := db.Now(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if now.Before(before) || now.After(time.Now()) || now.Location() != time.UTC || now.Nanosecond()%1000 != 0 {
			t.Errorf("got %v, want UTC in whole microseconds, between %v and now", now, before)
		}
	})
}

func TestInTx_that_the_function_ended_itself_is_not_retryable(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := withItems(t, e)
		err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
			inner, err := tx.SQL(t.Context())
			if err != nil {
				return err
			}
			return inner.Commit()
		})
		if !errors.Is(err, sql.ErrTxDone) || db.Retryable(err) {
			t.Errorf("got %v, retryable %v; want sql.ErrTxDone, not retryable", err, db.Retryable(err))
		}
	})
}

func TestInReadTx_sees_one_snapshot(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := withItems(t, e)
		mustInsert(t, db, 1, 1)
		count := func(tx *sql.Tx) (n int) {
			if err := tx.QueryRowContext(t.Context(), "SELECT count(*) FROM items").Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		err := db.InReadTx(t.Context(), func(tx *sql.Tx) error {
			first := count(tx)
			mustInsert(t, db, 2, 1)
			if second := count(tx); first != 1 || second != 1 {
				t.Errorf("counted %d, then %d; want 1 and 1", first, second)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := mustLoad(t, db, key(1), key(2)); len(got) != 2 {
			t.Errorf("got %d rows after the snapshot, want 2", len(got))
		}
	})
}

func TestInReadTx_cannot_write(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := withItems(t, e)
		err := db.InReadTx(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(t.Context(), writeOne, key(1))
			return err
		})
		if err == nil {
			t.Error("got no error")
		}
		if got := mustLoad(t, db, key(1)); len(got) != 0 {
			t.Error("the row is there")
		}
	})
}

func TestClose_twice_is_harmless(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := e.open(t)
		if err := db.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := db.Ping(t.Context()); err == nil {
			t.Error("Ping after Close: got no error")
		}
	})
}
