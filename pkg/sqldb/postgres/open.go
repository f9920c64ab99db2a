package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"orderly/pkg/sqldb"
)

const (
	writers        = 8
	readers        = 4
	connectTimeout = 5 * time.Second
	idleTime       = 5 * time.Minute
	lifetime       = time.Hour
)

// Options are what a database may differ in. The zero value is what [Open] uses.
type Options struct {
	// WriteConns and ReadConns are the most connections of each pool, 8 and 4
	// if zero. Replicas times both must fit into the server's max_connections.
	WriteConns, ReadConns int
}

// Open is [Options.Open] with the zero Options.
func Open(ctx context.Context, dsn string) (*sqldb.DB, error) {
	return Options{}.Open(ctx, dsn)
}

// Open connects to the database of dsn, a URL or a list of key=value pairs,
// and fails if the server does not answer before ctx ends or within the DSN's
// connect_timeout, five seconds by default. Its errors never hold the password.
func (o Options) Open(ctx context.Context, dsn string) (*sqldb.DB, error) {
	cfg, err := parse(dsn)
	if err != nil {
		return nil, err
	}
	writer := pool(cfg, writeParams(), o.WriteConns, writers)
	reader := pool(cfg, sessionParams(), o.ReadConns, readers)
	db := sqldb.New(writer, reader, dialect())
	if err := db.Ping(ctx); err != nil {
		_ = db.Close()
		return nil, fmt.Errorf("open PostgreSQL database %q at %s: %w", cfg.Database, cfg.Host, err)
	}
	return db, nil
}

func parse(dsn string) (*pgx.ConnConfig, error) {
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("read the PostgreSQL DSN: %w", err)
	}
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = connectTimeout
	}
	// A server that vanished without a word is noticed after half a minute.
	dialer := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{
		Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3,
	}}
	cfg.DialFunc = dialer.DialContext
	return cfg, nil
}

func sessionParams() map[string]string {
	return map[string]string{
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
	for _, name := range []string{"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"} {
		params[name] = "off"
	}
	return params
}

func pool(cfg *pgx.ConnConfig, params map[string]string, size, standard int) *sql.DB {
	if size <= 0 {
		size = standard
	}
	own := cfg.Copy()
	maps.Copy(params, own.RuntimeParams)
	own.RuntimeParams = params
	db := stdlib.OpenDB(*own)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	db.SetConnMaxIdleTime(idleTime)
	db.SetConnMaxLifetime(lifetime)
	return db
}
