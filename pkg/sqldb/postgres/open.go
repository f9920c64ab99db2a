package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"orderly/pkg/sqldb"
)

const (
	writers        = 8
	readers        = 4
	connectTimeout = 5 * time.Second
)

// Options are what a database may differ in. The zero value is what [Open] uses.
type Options struct {
	// WriteConns and ReadConns are the most connections of each pool, 8 and 4
	// if zero; what the DSN says goes before them. Replicas times both must fit
	// into the server's max_connections.
	WriteConns, ReadConns int
}

// Open is [Options.Open] with the zero Options.
func Open(ctx context.Context, dsn string) (*sqldb.DB, error) {
	return Options{}.Open(ctx, dsn)
}

// Open connects to the database of dsn, a URL or a list of key=value pairs,
// and fails if the server does not answer before ctx ends or within the DSN's
// connect_timeout, five seconds by default. The DSN may hold, besides what pgx
// knows, pool_write_conns, pool_read_conns, pool_max_conn_lifetime and
// pool_max_conn_idle_time. It refuses a pooler that does not keep sessions. Its
// errors say what to do, and never hold the password.
func (o Options) Open(ctx context.Context, dsn string) (*sqldb.DB, error) {
	cfg, limits, err := o.parse(dsn)
	if err != nil {
		return nil, fmt.Errorf("read the PostgreSQL DSN: %w", err)
	}
	writer := limits.pool(cfg, writeParams(), limits.writeConns)
	reader := limits.pool(cfg, sessionParams(), limits.readConns)
	db := sqldb.New(writer, reader, dialect())
	err = checkSessions(ctx, writer, reader) // first: a pooler confuses whatever comes
	if err == nil {
		err = db.Ping(ctx)
	}
	if err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("open PostgreSQL database %q at %s: %w", cfg.Database, cfg.Host, advised(err))
	}
	return db, nil
}

// readOnly is what a standby says to whoever writes. Its connection is closed,
// so that the next one may find the primary.
const readOnly = "25006"

// CheckDSN says what is wrong with a DSN, as far as it shows without the server.
func CheckDSN(dsn string) error {
	_, _, err := Options{}.parse(dsn)
	return err
}

// errEscape is about a password that ended, for the parser, too early.
var errEscape = errors.New("is there an @ or a / in the password? In a URL they are written as %40 and %2F")

func (o Options) parse(dsn string) (*pgx.ConnConfig, limits, error) {
	cfg, err := pgx.ParseConfig(dsn)
	switch {
	case err != nil && strings.Contains(err.Error(), "invalid port"):
		return nil, limits{}, fmt.Errorf("%w: %w", err, errEscape)
	case err != nil:
		return nil, limits{}, err
	case strings.Contains(cfg.Host, "@"): // the rest of a password
		return nil, limits{}, errEscape
	}
	own, err := o.limits(cfg)
	if err != nil {
		return nil, limits{}, err
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTimeout
	}
	// A server that vanished without a word is noticed after half a minute.
	dialer := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3,
	}}
	cfg.DialFunc = dialer.DialContext
	closes := cfg.OnPgError
	cfg.OnPgError = func(conn *pgconn.PgConn, answer *pgconn.PgError) bool {
		return closes(conn, answer) && answer.Code != readOnly
	}
	return cfg, own, nil
}

// sessionParams are those of every connection. A server that was set up without
// a locale would take text as bytes, and speak no UTF8 by itself.
func sessionParams() map[string]string {
	return map[string]string{
		"client_encoding":                     "UTF8",
		"timezone":                            "UTC",
		"default_transaction_isolation":       "read committed",
		"idle_in_transaction_session_timeout": "60s",
	}
}

// writeParams keep the plans of set-based statements with the indexes. A plan
// that the server made and kept while a table was empty reads all of it once
// it is large. The costs of these settings would start the JIT compiler.
func writeParams() map[string]string {
	params := sessionParams()
	for _, name := range planSettings() {
		params[name] = off
	}
	return params
}

const off = "off"

// planSettings are the settings that are switched off for writing.
func planSettings() []string {
	return []string{"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"}
}

// checkEncoding refuses a database that holds only some letters. One without an
// encoding holds what it is given.
func checkEncoding(on *sql.Conn) error {
	var name string
	_ = on.Raw(func(driver any) error { // it returns what the function returns
		name = driver.(*conn).Conn.Conn().PgConn().ParameterStatus("server_encoding")
		return nil
	})
	switch name {
	case "UTF8", "SQL_ASCII", "":
		return nil
	}
	return fmt.Errorf("it is encoded as %s, which has no place for every letter: "+
		"make the database with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0", name)
}
