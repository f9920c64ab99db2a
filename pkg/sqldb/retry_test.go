package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"testing"
	"time"

	"orderly/pkg/sqldb"
)

func TestRetryable_on_both_databases(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, e engine) {
		db, ctx := withItems(t, e), t.Context()
		mustInsert(t, db, 1, 1)
		exec := func(statement string, args ...any) error {
			return db.InTx(ctx, func(tx *sqldb.Tx) error {
				tx.Exec("try", statement, args...)
				return nil
			})
		}
		over, cancel := context.WithCancel(ctx)
		cancel()
		late, cancel := context.WithDeadline(ctx, time.Unix(0, 0))
		defer cancel()
		tests := map[string]struct {
			err  error
			want bool
		}{
			"row exists":             {insert(ctx, db, 1, 1), true},
			"syntax":                 {exec("SELEC 1"), false},
			"missing table":          {exec("DELETE FROM missing"), false},
			"NULL as key":            {exec("INSERT INTO items (id) VALUES (NULL)"), false},
			"too few arguments":      {exec("INSERT INTO items (id) VALUES ($1)"), false},
			"context over":           {insert(over, db, 2, 1), false},
			"deadline passed":        {insert(late, db, 2, 1), false},
			"an error of the caller": {errors.New("no"), false},
		}
		for name, test := range tests {
			if test.err == nil {
				t.Errorf("%s: got no error", name)
			}
			if got := db.Retryable(test.err); got != test.want {
				t.Errorf("%s: Retryable(%v) = %v", name, test.err, got)
			}
		}
		for name, test := range tests {
			if got, want := db.Conflict(test.err), name == "row exists"; got != want {
				t.Errorf("%s: Conflict(%v) = %v", name, test.err, got)
			}
		}
		if db.Retryable(nil) || db.Conflict(nil) {
			t.Error("nil is retryable, or a conflict")
		}
		mustInsert(t, db, 2, 1)
	})
}

// A COMMIT whose outcome nobody knows must be run again, whatever took the
// answer away; one that the server refused must not.
func TestRetryable_tells_an_unknown_commit_from_a_refused_one(t *testing.T) {
	t.Parallel()
	unknown, refused := io.ErrNoProgress, errors.New("refused")
	dialect := sqldb.Dialect{
		Fault: func(err error) sqldb.Fault {
			if errors.Is(err, refused) {
				return sqldb.Lasting
			}
			return sqldb.NotDatabase
		},
	}
	for cause, want := range map[error]bool{unknown: true, refused: false} {
		pool := sql.OpenDB(failingCommit{cause})
		db := closed(t, sqldb.New(pool, pool, dialect), nil)
		err := db.InTx(t.Context(), func(*sqldb.Tx) error { return nil })
		if !errors.Is(err, cause) || db.Retryable(err) != want {
			t.Errorf("got %v, retryable %v; want %v, retryable %v", err, db.Retryable(err), cause, want)
		}
		err = db.InTx(t.Context(), func(*sqldb.Tx) error { return cause })
		if db.Retryable(err) {
			t.Errorf("%v before the commit is retryable", cause)
		}
	}
}
