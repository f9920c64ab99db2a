package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Tx is a write transaction. Statements are queued and run in their order, in
// as few round trips as the database allows: by [Tx.Send], by [Tx.SQL], by the
// first [Tx.Now], or before the COMMIT. A failure is therefore that of a later
// call; all of the transaction is rolled back then, whatever its function
// returns. No statement may need a table that is made by another of its queue.
//
// A Tx is for one goroutine and lives no longer than the function that
// [DB.InTx] runs.
type Tx struct {
	db    *DB
	conn  *sql.Conn
	sql   *sql.Tx
	queue []Statement
	now   time.Time
	err   error // of the first statement that failed: nothing is sent after it
}

// Statement is one statement of a transaction, for a [Dialect] to run.
type Statement struct {
	Text string
	Args []any
	// Row, if not nil, is called for each row that the statement returns.
	Row func(Row) error
	// Affected, if not nil, is told how many rows the statement changed. It is
	// for dialects without Reach.
	Affected func(n int64) error
	// What it does, for errors.
	What string
}

// Commit is the text of the statement that ends a transaction.
const Commit = "commit"

// Fail says in err what the statement was to do. A nil err stays nil.
func (s Statement) Fail(err error) error {
	if err == nil || s.What == "" {
		return err
	}
	return fmt.Errorf("%s: %w", s.What, err)
}

// Row is one row of a result.
type Row interface {
	Scan(dest ...any) error
}

// Rows are the rows of a result, as database/sql and pgx have them.
type Rows interface {
	Row
	Next() bool
	Err() error
}

// Read gives each of rows to Row, and ends with the first error. It does not
// close them.
func (s Statement) Read(rows Rows) error {
	for rows.Next() {
		if err := s.Row(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Query queues a query; each is called for each of its rows once it has run,
// and ends the transaction with its first error. It may queue statements, and
// must not use the database. What says for errors what the query is for.
func (tx *Tx) Query(what, text string, each func(Row) error, args ...any) {
	tx.queue = append(tx.queue, Statement{Text: text, Args: args, Row: each, What: what})
}

// Exec queues a statement that returns no rows. What says for errors what it
// is for.
func (tx *Tx) Exec(what, text string, args ...any) {
	tx.queue = append(tx.queue, Statement{Text: text, Args: args, What: what})
}

// Send runs what is queued.
func (tx *Tx) Send(ctx context.Context) error {
	if tx.err == nil {
		tx.err = tx.send(ctx)
	}
	return tx.err
}

func (tx *Tx) send(ctx context.Context) error {
	tx.startClock()
	queue := tx.queue
	tx.queue = nil
	if len(queue) == 0 {
		return nil
	}
	err := tx.runAll(ctx, queue)
	// What database/sql says of a transaction that the context ended does not
	// tell why.
	if ended := ctx.Err(); err != nil && ended != nil && !errors.Is(err, ended) {
		return fmt.Errorf("%w: %w", ended, err)
	}
	return err
}

func (tx *Tx) runAll(ctx context.Context, queue []Statement) error {
	if tx.db.dialect.Send != nil {
		return tx.db.dialect.Send(ctx, tx.conn, queue)
	}
	for _, s := range queue {
		if err := tx.run(ctx, s); err != nil {
			return s.Fail(err)
		}
	}
	return nil
}

// Now returns the time of the transaction by the database's clock, in UTC and
// in whole microseconds: replicas share it, however wrong their own clocks are.
// It costs nothing after the first Send, which asks for it.
func (tx *Tx) Now(ctx context.Context) (time.Time, error) {
	if tx.now.IsZero() {
		if err := tx.Send(ctx); err != nil {
			return time.Time{}, err
		}
	}
	return tx.now, nil
}

// finish sends what is queued, with the COMMIT if nobody has to look at an answer
// before it, and reports whether it was.
func (tx *Tx) finish(ctx context.Context) (committed bool, err error) {
	for tx.err != nil || slices.ContainsFunc(tx.queue, Statement.asks) { // what has run may queue more
		if err := tx.Send(ctx); err != nil {
			return false, err
		}
	}
	// Past this point an ended context means that nobody knows the outcome.
	if err := ctx.Err(); err != nil {
		return false, fmt.Errorf("commit: %w", err)
	}
	switch {
	case len(tx.queue) == 0:
		return false, nil
	case tx.db.dialect.Send == nil:
		return false, tx.Send(ctx)
	}
	tx.Exec("commit", Commit)
	return true, tx.db.dialect.Send(ctx, tx.conn, tx.queue)
}

// asks reports whether the statement's answer may end the transaction.
func (s Statement) asks() bool { return s.Row != nil || s.Affected != nil }

// SQL sends what is queued and returns the transaction for statements of the
// caller's own, in turns with queued ones. Do not commit it or roll it back.
func (tx *Tx) SQL(ctx context.Context) (*sql.Tx, error) {
	return tx.sql, tx.Send(ctx)
}

// startClock sees to it that the time is known once the queue has run.
func (tx *Tx) startClock() {
	switch query := tx.db.dialect.Now; {
	case !tx.now.IsZero():
	case query == "":
		tx.now = ownClock()
	default:
		tx.queue = slices.Insert(tx.queue, 0, Statement{Text: query, What: "read the database's clock", Row: func(r Row) error {
			return r.Scan(ScanTime(&tx.now))
		}})
	}
}

func (tx *Tx) run(ctx context.Context, s Statement) error {
	if s.Row == nil {
		done, err := tx.sql.ExecContext(ctx, s.Text, s.Args...)
		if err != nil || s.Affected == nil {
			return err
		}
		n, err := done.RowsAffected()
		if err != nil {
			return err
		}
		return s.Affected(n)
	}
	rows, err := tx.sql.QueryContext(ctx, s.Text, s.Args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	return s.Read(rows)
}
