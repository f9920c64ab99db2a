package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"orderly/pkg/sqldb"
)

// connector makes connections whose write transactions begin with their first
// statement, in the same round trip.
type connector struct{ driver.Connector }

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: inner.(*stdlib.Conn)}, nil
}

// conn is a connection of pgx whose transaction may be yet to begin.
type conn struct {
	*stdlib.Conn
	waiting   bool // BEGIN goes with the next statement
	committed bool // COMMIT went with the last ones
}

var _ driver.Validator = (*conn)(nil)

const begin = "begin"

// IsValid is asked when the connection goes back to the pool: one that is lost,
// or whose transaction could not be ended, is closed and its locks with it. That
// it can be asked has database/sql keep the connection of a transaction that was
// rolled back because its context ended.
func (c *conn) IsValid() bool { return c.idle() && !c.Conn.Conn().IsClosed() }

// BeginTx puts off the BEGIN of a plain transaction.
func (c *conn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if opts != (driver.TxOptions{}) {
		return c.Conn.BeginTx(ctx, opts)
	}
	if c.Conn.Conn().IsClosed() {
		return nil, driver.ErrBadConn
	}
	c.waiting = true
	return &tx{conn: c, ctx: ctx}, nil
}

func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.begun(ctx); err != nil {
		return nil, err
	}
	return c.Conn.ExecContext(ctx, query, args)
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.begun(ctx); err != nil {
		return nil, err
	}
	return c.Conn.QueryContext(ctx, query, args)
}

func (c *conn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := c.begun(ctx); err != nil {
		return nil, err
	}
	return c.Conn.PrepareContext(ctx, query)
}

// begun sees to it that a statement of a transaction is in one. Where BEGIN
// fails the next statement tries again: it must not run by itself.
func (c *conn) begun(ctx context.Context) error {
	if !c.waiting {
		return nil
	}
	_, err := c.Conn.Conn().Exec(ctx, begin)
	c.waiting = err != nil
	return err
}

// send runs the statements in one round trip. What becomes of them must not
// reach Raw: a panic would have it close the connection, for which it waits
// until the transaction ends, and that waits for send.
func send(ctx context.Context, on *sql.Conn, statements []sqldb.Statement) (err error) {
	var panicked any
	unusable := on.Raw(func(raw any) error {
		defer func() { panicked = recover() }()
		err = raw.(*conn).send(ctx, statements)
		return nil
	})
	if panicked != nil {
		panic(panicked)
	}
	return cmp.Or(unusable, err)
}

func (c *conn) send(ctx context.Context, statements []sqldb.Statement) (err error) {
	switch {
	case c.waiting:
		statements = slices.Concat([]sqldb.Statement{{Text: begin, What: begin}}, statements)
	case c.idle():
		return sql.ErrTxDone // the function or its context ended it
	}
	batch := &pgx.Batch{}
	for _, s := range statements {
		batch.Queue(s.Text, s.Args...)
	}
	answers := c.Conn.Conn().SendBatch(ctx, batch)
	defer func() {
		if closed := answers.Close(); err == nil && closed != nil {
			err = blame(closed, statements[len(statements)-1], statements)
		}
	}()
	for _, s := range statements {
		if err := read(answers, s); err != nil {
			return blame(err, s, statements)
		}
		c.waiting = false
	}
	c.committed = ends(statements)
	return nil
}

// ends reports whether the last of statements is a COMMIT.
func ends(statements []sqldb.Statement) bool {
	return statements[len(statements)-1].Text == sqldb.Commit
}

// idle reports whether the server last said that no transaction is open.
func (c *conn) idle() bool { return c.Conn.Conn().PgConn().TxStatus() == 'I' }

func read(answers pgx.BatchResults, s sqldb.Statement) error {
	if s.Row == nil {
		_, err := answers.Exec()
		return err
	}
	rows, err := answers.Query()
	if err != nil {
		return err
	}
	defer rows.Close()
	return s.Read(&timed{Rows: rows})
}

// blame says in err what failed: the statement read, or the one that kept all
// of them from being sent. Where a COMMIT was among them, an error that is not
// the server's answer does not tell whether it happened.
func blame(err error, read sqldb.Statement, statements []sqldb.Statement) error {
	var unsent pgx.ErrPreprocessingBatch
	var answer *pgconn.PgError
	switch {
	case errors.As(err, &unsent):
		for _, s := range statements {
			if s.Text == unsent.SQL() {
				return s.Fail(unsent.Unwrap())
			}
		}
	case errors.As(err, &answer):
		err = unreached(answer)
	case ends(statements) && !pgconn.SafeToRetry(err):
		return sqldb.UnknownCommit(err)
	}
	return read.Fail(err)
}

// tx is a transaction that may be yet to begin.
type tx struct {
	*conn
	ctx context.Context
}

func (t *tx) Commit() error {
	if t.waiting || t.committed { // nothing was done in it, or all is
		t.waiting, t.committed = false, false
		return nil
	}
	tag, err := t.Conn.Conn().Exec(t.ctx, "commit")
	if err == nil && tag.String() == "ROLLBACK" {
		return pgx.ErrTxCommitRollback
	}
	return err
}

// rollbackTimeout bounds what a transaction does after its context has ended.
const rollbackTimeout = 5 * time.Second

// Rollback uses a context of its own, so that the connection can be used again.
func (t *tx) Rollback() error {
	t.waiting, t.committed = false, false
	if t.idle() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), rollbackTimeout)
	defer cancel()
	_, err := t.Conn.Conn().Exec(ctx, "rollback")
	return err
}
