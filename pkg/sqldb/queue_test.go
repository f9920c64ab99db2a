package sqldb_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"orderly/pkg/sqldb"
)

// note queues a query for the quantity of the first item and writes it down;
// -1 is no item.
func note(tx *sqldb.Tx, seen *[]int) {
	tx.Query("note", "SELECT coalesce(max(qty), -1) FROM items WHERE id = $1", func(r sqldb.Row) error {
		var n int
		err := r.Scan(&n)
		*seen = append(*seen, n)
		return err
	}, key(1))
}

func wantSeen(t *testing.T, what string, got []int, want ...int) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: saw %v, want %v", what, got, want)
	}
}

// none fails the test if one of the items is there.
func none(t *testing.T, db *sqldb.DB, what string) {
	t.Helper()
	if got := mustLoad(t, db, key(1), key(2), key(3)); len(got) != 0 {
		t.Errorf("%s: %d rows are there, want none", what, len(got))
	}
}

func TestTx_runs_the_queue_in_its_order(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := withItems(t, e)
		keys, set := []sqldb.Column{id}, []sqldb.Column{qty}
		inTx(t, db, func(tx *sqldb.Tx) error {
			var seen []int
			note(tx, &seen)
			err := tx.Insert("items", []sqldb.Column{id, qty}, [][]any{{key(1), 1}, {key(2), 1}})
			note(tx, &seen)
			err = errors.Join(err, tx.Update("items", keys, set, [][]any{{key(1), 2}}))
			note(tx, &seen)
			tx.Exec("add", "UPDATE items SET qty = qty + $1", 5)
			note(tx, &seen)
			err = errors.Join(err, tx.Delete("items", id, []any{key(1), key(3)}))
			note(tx, &seen)
			wantSeen(t, "before Send", seen)
			err = errors.Join(err, tx.Send(t.Context()))
			wantSeen(t, "after Send", seen, -1, 1, 2, 7, -1)
			return err
		})
		if got := mustLoad(t, db, key(1), key(2)); len(got) != 1 || *got[0].qty != 6 {
			t.Errorf("got %v, want the second item with 6", got)
		}
	})
}

func TestTx_sends_the_queue_before(t *testing.T) {
	t.Parallel()
	ways := map[string]func(ctx context.Context, tx *sqldb.Tx) error{
		"Now": func(ctx context.Context, tx *sqldb.Tx) error { _, err := tx.Now(ctx); return err },
		"SQL": func(ctx context.Context, tx *sqldb.Tx) error {
			inner, err := tx.SQL(ctx)
			if err != nil {
				return err
			}
			_, err = inner.ExecContext(ctx, "UPDATE items SET qty = 2 WHERE qty = 1")
			return err
		},
		"COMMIT": func(context.Context, *sqldb.Tx) error { return nil },
	}
	onEach(t, func(t *testing.T, e engine) {
		for what, way := range ways {
			db := withItems(t, e)
			inTx(t, db, func(tx *sqldb.Tx) error { return tx.Delete("items", id, []any{key(1)}) })
			var seen []int
			inTx(t, db, func(tx *sqldb.Tx) error {
				if err := tx.Insert("items", []sqldb.Column{id, qty}, [][]any{{key(1), 1}}); err != nil {
					return err
				}
				note(tx, &seen)
				if err := way(t.Context(), tx); err != nil {
					return err
				}
				if what != "COMMIT" {
					wantSeen(t, what, seen, 1)
				}
				note(tx, &seen) // in turns with the caller's own
				return nil
			})
			wantSeen(t, what, seen, 1, map[string]int{"Now": 1, "SQL": 2, "COMMIT": 1}[what])
			if got := mustLoad(t, db, key(1)); len(got) != 1 {
				t.Errorf("%s: the row is not there", what)
			}
		}
	})
}

// A failure cannot be hidden: what ran before is undone, and what was to run
// afterwards never does.
func TestTx_error_of_a_queued_statement_rolls_back(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		statement           string
		retryable, conflict bool
	}{
		"row exists":    {"INSERT INTO items (id) SELECT id FROM items", true, true},
		"NULL as key":   {"INSERT INTO items (id) VALUES (NULL)", false, false},
		"missing table": {"DELETE FROM missing", false, false},
		"syntax":        {"DELET FROM items", false, false},
	}
	returns := map[string]func(ctx context.Context, tx *sqldb.Tx) error{
		"at Send": func(ctx context.Context, tx *sqldb.Tx) error { return tx.Send(ctx) },
		"at the end, what Send said is hidden": func(ctx context.Context, tx *sqldb.Tx) error {
			_ = tx.Send(ctx)
			return nil
		},
		"at Now, what Send said is hidden": func(ctx context.Context, tx *sqldb.Tx) error {
			_ = tx.Send(ctx)
			_, err := tx.Now(ctx)
			return err
		},
		"at the end": func(context.Context, *sqldb.Tx) error { return nil },
	}
	onEach(t, func(t *testing.T, e engine) {
		db := withItems(t, e)
		for name, test := range tests {
			for when, ends := range returns {
				var late []int
				err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
					tx.Exec("add the first", writeOne, key(1))
					tx.Exec("do the wrong thing", test.statement)
					tx.Exec("add the next", writeOne, key(2))
					note(tx, &late)
					return ends(t.Context(), tx)
				})
				if err == nil || !strings.HasPrefix(err.Error(), "do the wrong thing: ") {
					t.Errorf("%s, %s: got %v, want an error that says what failed", name, when, err)
				}
				if db.Retryable(err) != test.retryable || db.Conflict(err) != test.conflict {
					t.Errorf("%s, %s: %v is retryable %v, a conflict %v", name, when, err, db.Retryable(err), db.Conflict(err))
				}
				wantSeen(t, name+", "+when, late)
				none(t, db, name+", "+when)
			}
		}
		mustInsert(t, db, 1, 1)
	})
}

// A wrong number of rows is known only when the statement has run; it undoes
// the transaction even if nobody looks.
func TestTx_update_of_too_few_rows_rolls_back(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := withItems(t, e)
		for when, send := range map[string]func(*sqldb.Tx) error{
			"sent before":          func(tx *sqldb.Tx) error { return tx.Send(t.Context()) },
			"sent with the COMMIT": func(*sqldb.Tx) error { return nil },
		} {
			err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
				tx.Exec("add", writeOne, key(1))
				err := tx.Update("items", []sqldb.Column{id}, []sqldb.Column{qty}, [][]any{{key(1), 1}, {key(2), 2}})
				_ = send(tx)
				return err
			})
			if err == nil || db.Retryable(err) || db.Conflict(err) || err.Error() != "update 2 rows of items: 1 rows were reached" {
				t.Errorf("%s: got %v, retryable %v; want a lasting error that counts the rows", when, err, db.Retryable(err))
			}
			none(t, db, when)
		}
	})
}

func TestTx_in_which_nothing_ran(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := withItems(t, e)
		inTx(t, db, func(*sqldb.Tx) error { return nil })
		sentinel := errors.New("no")
		if err := db.InTx(t.Context(), func(*sqldb.Tx) error { return sentinel }); err != sentinel {
			t.Errorf("got %v, want the function's own error", err)
		}
		if panicked, _ := caught(func() error {
			return db.InTx(t.Context(), func(*sqldb.Tx) error { panic(sentinel) })
		}); panicked != sentinel {
			t.Errorf("got panic %v, want the function's own", panicked)
		}
		mustInsert(t, db, 1, 1)
	})
}

func TestTx_whose_context_ended_before_Send(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := withItems(t, e)
		for _, began := range []bool{false, true} {
			ctx, cancel := context.WithCancel(t.Context())
			err := db.InTx(ctx, func(tx *sqldb.Tx) error {
				if began {
					if _, err := tx.Now(ctx); err != nil {
						return err
					}
				}
				tx.Exec("add", writeOne, key(1))
				cancel()
				return tx.Send(ctx)
			})
			if !errors.Is(err, context.Canceled) || db.Retryable(err) {
				t.Errorf("began %v: got %v, retryable %v; want the context's error, not retryable", began, err, db.Retryable(err))
			}
			none(t, db, "ended")
		}
		mustInsert(t, db, 1, 1)
	})
}

func TestTx_error_of_a_row_ends_the_transaction(t *testing.T) {
	t.Parallel()
	sentinel := errors.New("not this one")
	var tooSmall struct{}
	tests := map[string]func(sqldb.Row) error{
		"its own":  func(sqldb.Row) error { return sentinel },
		"by Scan":  func(r sqldb.Row) error { return r.Scan(&tooSmall) },
		"too wide": func(r sqldb.Row) error { return r.Scan() },
	}
	onEach(t, func(t *testing.T, e engine) {
		db := withItems(t, e)
		for name, each := range tests {
			calls := 0
			err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
				tx.Exec("add", writeOne, key(1))
				tx.Exec("add", writeOne, key(2))
				tx.Query("look at the rows", "SELECT id FROM items", func(r sqldb.Row) error {
					calls++
					return each(r)
				})
				tx.Exec("add", writeOne, key(3))
				return nil
			})
			if err == nil || db.Retryable(err) || !strings.HasPrefix(err.Error(), "look at the rows: ") || calls != 1 {
				t.Errorf("%s: got %v after %d rows, want a lasting error after one", name, err, calls)
			}
			if name == "its own" && !errors.Is(err, sentinel) {
				t.Errorf("got %v, want the callback's error in it", err)
			}
			none(t, db, name)
		}
		mustInsert(t, db, 1, 1)
	})
}

// The panic goes on at once: nothing waits for the transaction's context.
func TestTx_panic_of_a_row_rolls_back(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := withItems(t, e)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		sentinel := errors.New("no")
		panicked, _ := caught(func() error {
			return db.InTx(ctx, func(tx *sqldb.Tx) error {
				tx.Exec("add", writeOne, key(1))
				tx.Query("look", "SELECT id FROM items", func(sqldb.Row) error { panic(sentinel) })
				return tx.Send(ctx)
			})
		})
		if panicked != sentinel || ctx.Err() != nil {
			t.Errorf("got panic %v, context %v; want the callback's own, before the context ends", panicked, ctx.Err())
		}
		none(t, db, "panicked")
		mustInsert(t, db, 1, 1)
	})
}

func TestTx_row_may_queue_statements(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db := withItems(t, e)
		mustInsert(t, db, 1, 1)
		inTx(t, db, func(tx *sqldb.Tx) error {
			tx.Query("look", "SELECT id FROM items", func(sqldb.Row) error {
				tx.Exec("add", writeOne, key(2))
				return nil
			})
			return nil
		})
		if got := mustLoad(t, db, key(1), key(2)); len(got) != 2 {
			t.Errorf("got %d rows, want 2", len(got))
		}
	})
}
