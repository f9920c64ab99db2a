package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// errPooler is what a pooler that shares server connections gets: neither the
// plans of statements, nor the locks of migrations, nor prepared statements
// stay with whoever made them.
var errPooler = errors.New("a pooler such as PgBouncer stands between, and does not keep sessions as they are needed here. " +
	"Connect to PostgreSQL itself: a replica holds at most pool_write_conns + pool_read_conns connections, 12 by default. " +
	"Or use a pool in session mode, tell it to ignore these start parameters, and give them to the role: " +
	"ALTER ROLE … SET enable_seqscan = off, and so on for enable_hashjoin, enable_mergejoin, jit and idle_in_transaction_session_timeout")

// probes is how often two connections that are both open are asked which
// process of the server they talk to.
const probes = 5

// plainly sends a query without preparing it, which a pooler would confuse.
const plainly = pgx.QueryExecModeSimpleProtocol

// checkSessions refuses a pooler between here and the server, unless it gives
// each connection a process of the server for itself and keeps its settings.
func checkSessions(ctx context.Context, writer, reader *sql.DB) error {
	first, err := writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer first.Close()
	if err := checkSettings(ctx, first); err != nil {
		return err
	}
	if err := checkEncoding(first); err != nil {
		return err
	}
	server, err := backend(ctx, first)
	if err != nil || server == told(first) {
		return err // nobody stands between
	}
	second, err := reader.Conn(ctx)
	if err != nil {
		return err
	}
	defer second.Close()
	for range probes {
		one, err := backend(ctx, first)
		if err != nil {
			return err
		}
		other, err := backend(ctx, second)
		if err != nil {
			return err
		}
		if one != server || one == other {
			return fmt.Errorf("connections share a process of the server: %w", errPooler)
		}
	}
	return nil
}

// checkSettings makes sure that what the connection was started with arrived.
func checkSettings(ctx context.Context, on *sql.Conn) error {
	sent := config(on)
	for _, name := range planSettings() {
		if sent[name] != off {
			continue // the DSN has it its own way
		}
		var got string
		if err := on.QueryRowContext(ctx, "SELECT current_setting($1)", plainly, name).Scan(&got); err != nil {
			return err
		}
		if got != off {
			return fmt.Errorf("%s = %s was asked for and is %s: %w", name, off, got, errPooler)
		}
	}
	return nil
}

// backend is the process of the server that answers on a connection.
func backend(ctx context.Context, on *sql.Conn) (pid uint32, err error) {
	err = on.QueryRowContext(ctx, "SELECT pg_backend_pid()", plainly).Scan(&pid)
	return pid, err
}

// told is the process that the connection was told it talks to: a pooler tells
// a number of its own.
func told(on *sql.Conn) (pid uint32) {
	_ = on.Raw(func(driver any) error { // it returns what the function returns
		pid = driver.(*conn).Conn.Conn().PgConn().PID()
		return nil
	})
	return pid
}

// config is what a connection was started with.
func config(on *sql.Conn) (params map[string]string) {
	_ = on.Raw(func(driver any) error {
		params = driver.(*conn).Conn.Conn().Config().RuntimeParams
		return nil
	})
	return params
}
