package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"orderly/pkg/sqldb"
)

// spy is a driver that passes everything on, writes the statements down, and
// may lose the answer to a COMMIT.
type spy struct {
	driver.Connector

	mu         sync.Mutex // guards what follows
	statements []statement
	loseAnswer bool
}

type statement struct {
	query string
	args  []any
}

// spied opens d with a spy on both of its pools.
func spied(t testing.TB, d database) (*sqldb.DB, *spy) {
	t.Helper()
	s := &spy{Connector: connector(t, d)}
	write, read := sql.OpenDB(s), sql.OpenDB(s)
	write.SetMaxOpenConns(1)
	return closed(t, sqldb.New(write, read, d.open(t).Dialect()), nil), s
}

func connector(t testing.TB, d database) driver.Connector {
	t.Helper()
	if d.name == "sqlite" {
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
	return stdlib.GetConnector(*cfg)
}

// file connects to an SQLite database.
type file struct {
	driver driver.Driver
	dsn    string
}

func (f file) Connect(context.Context) (driver.Conn, error) { return f.driver.Open(f.dsn) }
func (f file) Driver() driver.Driver                        { return f.driver }

// during returns the statements that fn led to.
func (s *spy) during(fn func()) []statement {
	s.mu.Lock()
	s.statements = nil
	s.mu.Unlock()
	fn()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.statements
}

// loseNextCommit has the next COMMIT succeed without anyone learning of it.
func (s *spy) loseNextCommit() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loseAnswer = true
}

func (s *spy) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := s.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &tapped{Conn: c, spy: s}, nil
}

func (s *spy) note(query string, args []driver.NamedValue) {
	s.mu.Lock()
	defer s.mu.Unlock()
	values := make([]any, len(args))
	for i, a := range args {
		values[i] = a.Value
	}
	s.statements = append(s.statements, statement{query, values})
}

// tapped is a connection that tells the spy.
type tapped struct {
	driver.Conn
	spy *spy
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
	spy *spy
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
