package storetest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"orderly/pkg/sqldb/postgres"
)

// Spy is a driver that passes everything on, writes the statements down, and
// may lose the answer to a COMMIT. It is safe for concurrent use.
type Spy struct {
	driver.Connector

	mu         sync.Mutex // guards what follows
	statements []Statement
	loseAnswer bool
}

// Statement is one that a replica made, with its arguments.
type Statement struct {
	query string
	args  []any
}

// During returns the statements that fn led to.
func (s *Spy) During(fn func()) []Statement {
	s.mu.Lock()
	s.statements = nil
	s.mu.Unlock()
	fn()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.statements
}

// LoseNextCommit has the next COMMIT succeed without anyone learning of it: it
// returns the error of a lost connection.
func (s *Spy) LoseNextCommit() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loseAnswer = true
}

// Connect makes a connection that is spied on.
func (s *Spy) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := s.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &tapped{Conn: c, spy: s}, nil
}

func (s *Spy) note(query string, args []driver.NamedValue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	values := make([]any, len(args))
	for i, a := range args {
		values[i] = a.Value
	}
	s.statements = append(s.statements, Statement{query, values})
}

// connector connects to a database as its driver does, with nobody in between.
func connector(t testing.TB, d Database) driver.Connector {
	t.Helper()
	if d.kind == onSQLite {
		pool, err := sql.Open("sqlite", "")
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		return file{pool.Driver(), "file:" + d.dsn + "?_txlock=immediate&_pragma=busy_timeout(5000)"}
	}
	cfg, err := pgx.ParseConfig(d.dsn)
	if err != nil {
		t.Fatal(err)
	}
	return stdlib.GetConnector(*cfg, stdlib.OptionAfterConnect(postgres.RegisterArrays))
}

// file connects to an SQLite database.
type file struct {
	driver driver.Driver
	dsn    string
}

func (f file) Connect(context.Context) (driver.Conn, error) { return f.driver.Open(f.dsn) }
func (f file) Driver() driver.Driver                        { return f.driver }

// tapped is a connection that tells the spy.
type tapped struct {
	driver.Conn
	spy *Spy
}

func (c *tapped) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.spy.note(query, args)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *tapped) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.spy.note(query, args)
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *tapped) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
	return tappedTx{tx, c.spy}, err
}

// CheckNamedValue lets PostgreSQL's driver take arrays.
func (c *tapped) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type tappedTx struct {
	driver.Tx
	spy *Spy
}

func (tx tappedTx) Commit() error {
	err := tx.Tx.Commit()
	tx.spy.mu.Lock()
	defer tx.spy.mu.Unlock()
	if tx.spy.loseAnswer && err == nil {
		tx.spy.loseAnswer = false
		return io.ErrUnexpectedEOF
	}
	return err
}
