package gateway

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/google/uuid"

	"orderly/pkg/sqldb"
)

// commitAttempts is how often a commit is tried that met another process or a lost connection.
const commitAttempts = 3

// ledger keeps what was charged and refunded. Entries are added, never changed.
type ledger struct {
	db *sqldb.DB
}

func migrate(ctx context.Context, db *sqldb.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	return db.Migrate(ctx, files, "gateway_migrations")
}

// inTx reruns fn from the start when another process took a key first or the outcome of the commit is
// unknown: what was written by then is found and answered.
func (l ledger) inTx(ctx context.Context, fn func(tx *sql.Tx, now time.Time) error) error {
	for attempt := 1; ; attempt++ {
		err := l.db.InTx(ctx, fn)
		if err == nil || attempt == commitAttempts || !l.db.Retryable(err) {
			return err
		}
	}
}

// selectIn reads the rows of a table where column is one of values, calling scan for each. tail ends the
// statement.
func (l ledger) selectIn(ctx context.Context, tx *sql.Tx, query string, column sqldb.Column, values []string,
	tail string, scan func(scanner) error,
) error {
	predicate, arg := l.db.In(column, 1, values)
	rows, err := tx.QueryContext(ctx, query+" WHERE "+predicate+tail, arg)
	if err != nil {
		return err
	}
	return each(rows, scan)
}

type scanner interface{ Scan(dest ...any) error }

func each(rows *sql.Rows, scan func(scanner) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// remembered reports whether a key first used at that time is still known.
func remembered(at, now time.Time, retention time.Duration) bool {
	return now.Sub(at) < retention
}

// newID makes ids that grow with time, so that they are cheap to index.
func newID(prefix string) (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("new %s id: %w", prefix, err)
	}
	return prefix + "_" + strings.ReplaceAll(id.String(), "-", ""), nil
}
