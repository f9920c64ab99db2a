package engine_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"orderly/internal/pgtest"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/postgres"
	"orderly/pkg/sqldb/sqlite"
)

// faulty is a driver that counts and fails as the test wants.
type faulty struct {
	statements, commits atomic.Int64
	// statement, if not nil, may fail a statement before it is sent.
	statement atomic.Pointer[func(query string) error]
	// commit, if not nil, may lose the answer of a COMMIT, or the COMMIT.
	commit atomic.Pointer[func(tx driver.Tx) error]
}

// faultySQLite and faultyPostgres return a prepared database that writes through
// the driver. Faults are set afterwards.
func faultySQLite(t testing.TB) (*sqldb.DB, *faulty) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "bank.db")
	plain, err := sqlite.Options{Synchronous: sqlite.Off}.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	dsn := "file:" + path + "?" + url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(5000)", "synchronous(OFF)"}}.Encode()
	opened, err := sql.Open("sqlite", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	return faultyDB(t, plain, &dsnConnector{dsn, opened.Driver()}, 1)
}

func faultyPostgres(t testing.TB) (*sqldb.DB, *faulty) {
	t.Helper()
	dsn := pgtest.DSN(t)
	plain, err := postgres.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return faultyDB(t, plain, stdlib.GetConnector(*cfg, stdlib.OptionAfterConnect(postgres.RegisterArrays)), 4)
}

func faultyDB(t testing.TB, plain *sqldb.DB, c driver.Connector, conns int) (*sqldb.DB, *faulty) {
	t.Helper()
	t.Cleanup(func() { _ = plain.Close() })
	f := &faulty{}
	write := sql.OpenDB(&faultyConnector{c, f})
	write.SetMaxOpenConns(conns)
	read := sql.OpenDB(c)
	dialect := plain.Dialect()
	dialect.Send, dialect.Reach = nil, nil // a round trip for each statement, where the driver sees them
	return prepared(t, sqldb.New(write, read, dialect), nil), f
}

type dsnConnector struct {
	dsn    string
	driver driver.Driver
}

func (c *dsnConnector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c *dsnConnector) Driver() driver.Driver                        { return c.driver }

type faultyConnector struct {
	driver.Connector
	f *faulty
}

func (c *faultyConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &faultyConn{conn, c.f}, nil
}

type faultyConn struct {
	driver.Conn
	f *faulty
}

func (c *faultyConn) sent(query string) error {
	c.f.statements.Add(1)
	if fail := c.f.statement.Load(); fail != nil {
		return (*fail)(query)
	}
	return nil
}

func (c *faultyConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.sent(query); err != nil {
		return nil, err
	}
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (c *faultyConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.sent(query); err != nil {
		return nil, err
	}
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (c *faultyConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	return c.Conn.(driver.ConnPrepareContext).PrepareContext(ctx, query)
}

func (c *faultyConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
	if err != nil {
		return nil, err
	}
	return &faultyTx{tx, c.f}, nil
}

func (c *faultyConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

func (c *faultyConn) ResetSession(ctx context.Context) error {
	if r, ok := c.Conn.(driver.SessionResetter); ok {
		return r.ResetSession(ctx)
	}
	return nil
}

func (c *faultyConn) IsValid() bool {
	v, ok := c.Conn.(driver.Validator)
	return !ok || v.IsValid()
}

type faultyTx struct {
	driver.Tx
	f *faulty
}

func (tx *faultyTx) Commit() error {
	tx.f.commits.Add(1)
	if fail := tx.f.commit.Load(); fail != nil {
		return (*fail)(tx.Tx)
	}
	return tx.Tx.Commit()
}
