package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"orderly/internal/pgtest"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/postgres"
)

// accounts makes a table with the rows 1 and 2.
func accounts(t *testing.T, dsn string) *sqldb.DB {
	t.Helper()
	db := mustOpen(t, dsn)
	mustExec(t, db, "CREATE TABLE accounts (id int PRIMARY KEY, sum int, parent int REFERENCES accounts DEFERRABLE INITIALLY DEFERRED)")
	mustExec(t, db, "INSERT INTO accounts VALUES (1, 0), (2, 0)")
	return db
}

func add(ctx context.Context, tx *sql.Tx, id int) error {
	_, err := tx.ExecContext(ctx, "UPDATE accounts SET sum = sum + 1 WHERE id = $1", id)
	return err
}

func wantRetryable(t *testing.T, db *sqldb.DB, err error, want bool) {
	t.Helper()
	if err == nil || db.Retryable(err) != want {
		t.Errorf("got %v, retryable %v; want an error, retryable %v", err, db.Retryable(err), want)
	}
}

func TestRetryable_deadlock(t *testing.T) {
	t.Parallel()
	db := accounts(t, pgtest.DSN(t)+"&deadlock_timeout=50ms")
	ctx := t.Context()
	hasFirst := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
	results := make([]error, 2)
	var group errgroup.Group
	for i := range 2 {
		group.Go(func() error {
			results[i] = db.InTx(ctx, func(tx *sql.Tx, _ time.Time) error {
				if err := add(ctx, tx, 1+i); err != nil {
					return err
				}
				close(hasFirst[i])
				<-hasFirst[1-i]
				return add(ctx, tx, 2-i)
			})
			return nil
		})
	}
	_ = group.Wait()
	if (results[0] == nil) == (results[1] == nil) {
		t.Fatalf("got %v and %v, want one winner", results[0], results[1])
	}
	wantRetryable(t, db, errors.Join(results...), true)
}

func TestRetryable_serialization_failure(t *testing.T) {
	t.Parallel()
	db := accounts(t, pgtest.DSN(t)+"&default_transaction_isolation=repeatable%20read")
	ctx := t.Context()
	err := db.InTx(ctx, func(tx *sql.Tx, _ time.Time) error {
		mustExec(t, db, "UPDATE accounts SET sum = 7 WHERE id = 1")
		return add(ctx, tx, 1)
	})
	wantRetryable(t, db, err, true)
}

func TestRetryable_connection_killed(t *testing.T) {
	t.Parallel()
	db := accounts(t, pgtest.DSN(t))
	ctx := t.Context()
	for name, after := range map[string]func(tx *sql.Tx) error{
		"before a statement": func(tx *sql.Tx) error { return add(ctx, tx, 2) },
		"before the commit":  func(*sql.Tx) error { return nil },
	} {
		err := db.InTx(ctx, func(tx *sql.Tx, _ time.Time) error {
			if err := add(ctx, tx, 1); err != nil {
				return err
			}
			kill(t, db, tx)
			return after(tx)
		})
		t.Log(name, err)
		wantRetryable(t, db, err, true)
	}
	mustExec(t, db, "UPDATE accounts SET sum = sum + 1 WHERE id = 1")
	var sum int
	if err := db.Reader().QueryRowContext(ctx, "SELECT sum FROM accounts WHERE id = 1").Scan(&sum); err != nil || sum != 1 {
		t.Errorf("got sum %d, %v; want 1 from the only commit", sum, err)
	}
}

// kill ends the connection of tx from outside and waits until it is gone.
func kill(t *testing.T, db *sqldb.DB, tx *sql.Tx) {
	t.Helper()
	var pid int
	if err := tx.QueryRowContext(t.Context(), "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	var gone bool
	err := db.Reader().QueryRowContext(t.Context(), "SELECT pg_terminate_backend($1, 10000)", pid).Scan(&gone)
	if err != nil || !gone {
		t.Fatalf("terminate backend: %v, %v", gone, err)
	}
}

func TestRetryable_by_the_answer_of_the_server(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	db := accounts(t, dsn)
	ctx := t.Context()
	raise := func(code string) error {
		return exec(ctx, db, fmt.Sprintf("DO $$ BEGIN RAISE EXCEPTION 'asked for' USING ERRCODE = '%s'; END $$", code))
	}
	standby := mustOpen(t, dsn+"&default_transaction_read_only=on")
	limited := mustOpen(t, dsn+"&statement_timeout=20ms")
	tests := map[string]struct {
		err  error
		want bool
	}{
		"row exists":           {exec(ctx, db, "INSERT INTO accounts VALUES (1)"), true},
		"read-only":            {exec(ctx, standby, "INSERT INTO accounts VALUES (3)"), true},
		"statement too slow":   {exec(ctx, limited, "SELECT pg_sleep(10)"), true},
		"connections used up":  {raise("53300"), true},
		"disk full":            {raise("53100"), true},
		"i/o error":            {raise("58030"), true},
		"shutdown":             {raise("57P01"), true},
		"starting":             {raise("57P03"), true},
		"connection exception": {raise("08006"), true},
		"lock timeout":         {raise("55P03"), true},
		"missing grant":        {raise("42501"), true},
		"cached plan":          {exec(ctx, db, "DO $$ BEGIN RAISE EXCEPTION 'cached plan must not change result type' USING ERRCODE = '0A000'; END $$"), true},
		"not supported":        {raise("0A000"), false},
		"division by zero":     {exec(ctx, db, "SELECT 1/0"), false},
		"check":                {raise("23514"), false},
		"number too large":     {exec(ctx, db, "INSERT INTO accounts VALUES (3, $1)", int64(1)<<40), false},
		"no such parent":       {exec(ctx, db, "INSERT INTO accounts VALUES (3, 0, 99)"), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) { wantRetryable(t, db, test.err, test.want) })
	}
}

// The server answers the COMMIT of a failed transaction with a rollback.
func TestInTx_that_hides_a_failed_statement_does_not_commit(t *testing.T) {
	t.Parallel()
	db := accounts(t, pgtest.DSN(t))
	ctx := t.Context()
	err := db.InTx(ctx, func(tx *sql.Tx, _ time.Time) error {
		_, _ = tx.ExecContext(ctx, "SELECT 1/0")
		return nil
	})
	wantRetryable(t, db, err, false)
}

func TestRetryable_not_when_the_context_ends_a_statement(t *testing.T) {
	t.Parallel()
	db := accounts(t, pgtest.DSN(t))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	wantRetryable(t, db, exec(ctx, db, "SELECT pg_sleep(10)"), false)
	mustExec(t, db, "SELECT 1")
}

func TestRetryable_when_the_server_is_away(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var group errgroup.Group
	group.Go(func() error {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return nil
			}
			_ = conn.Close()
		}
	})
	there := pgtest.DSN(t)
	known := accounts(t, there)
	_, notYet := postgres.Open(t.Context(), there+"&dbname=not_yet_restored")
	wantRetryable(t, known, notYet, true)

	dsn := "postgres://shop@" + listener.Addr().String() + "/orders?sslmode=disable"
	_, hangsUp := postgres.Open(t.Context(), dsn)
	wantRetryable(t, known, hangsUp, true)
	_ = listener.Close()
	_ = group.Wait()
	_, refused := postgres.Open(t.Context(), dsn)
	wantRetryable(t, known, refused, true)
}
