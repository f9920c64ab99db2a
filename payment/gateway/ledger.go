package gateway

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"orderly/pkg/sqldb"
)

// commitAttempts is how often a commit is tried that met another process or a lost connection.
const commitAttempts = 3

// ledger keeps what was charged and refunded. Entries are added, never changed.
type ledger interface {
	// charge and refund commit and answer all ops, in their order.
	charge(ctx context.Context, ops []*chargeOp, retention time.Duration) error
	refund(ctx context.Context, ops []*refundOp, retention time.Duration) error
	// entries calls fn for the charges of one state: those of an order, the
	// oldest first, or all if orderID is empty.
	entries(ctx context.Context, orderID string, fn func(Entry) error) error
	counts(ctx context.Context) (Counts, error)
	// kept returns the settings that were last given to keep, by whichever process
	// shares the ledger.
	kept(ctx context.Context) (stored, error)
	keep(ctx context.Context, settings Settings) (stored, error)
}

// sqlLedger is a ledger in a database.
type sqlLedger struct {
	db *sqldb.DB
}

// Tables are the ledger's.
func Tables() sqldb.Tables { return sqldb.Tables{Name: "gateway", Files: migrations} }

// inTx reruns fn from the start when another process took a key first or the outcome of the commit is
// unknown: what was written by then is found and answered.
func (l sqlLedger) inTx(ctx context.Context, fn func(tx *sqldb.Tx) error) error {
	for attempt := 1; ; attempt++ {
		err := l.db.InTx(ctx, fn)
		if err == nil || attempt == commitAttempts || !l.db.Retryable(err) {
			return err
		}
	}
}

// selectIn queues a query for the rows of a table where column is one of values. tail ends the statement.
func (l sqlLedger) selectIn(tx *sqldb.Tx, query string, column sqldb.Column, values []string, tail string, scan func(sqldb.Row) error) {
	predicate, arg := l.db.In(column, 1, values)
	tx.Query("read the ledger", query+" WHERE "+predicate+tail, scan, arg)
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
