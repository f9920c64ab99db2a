package postgres

import (
	"context"
	"database/sql"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"orderly/internal/pgtest"
)

// A statement must not run by itself because BEGIN did not get through.
func TestConn_begins_before_the_next_statement_if_BEGIN_failed(t *testing.T) {
	t.Parallel()
	cfg, err := pgx.ParseConfig(pgtest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	pool := sql.OpenDB(connector{stdlib.GetConnector(*cfg)})
	defer func() { _ = pool.Close() }()
	on, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = on.Close() }()
	inner, err := on.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	err = on.Raw(func(raw any) error {
		c := raw.(*conn)
		if _, err := c.ExecContext(ended, "SELECT 1", nil); err == nil {
			t.Error("got no error of a statement whose context had ended")
		}
		_, err := c.ExecContext(t.Context(), "CREATE TABLE left_over ()", nil)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := inner.Rollback(); err != nil {
		t.Fatal(err)
	}
	var there bool
	err = on.QueryRowContext(t.Context(), "SELECT to_regclass('left_over') IS NOT NULL").Scan(&there)
	if err != nil || there {
		t.Errorf("the table is there %v, %v; want that it was rolled back", there, err)
	}
}
