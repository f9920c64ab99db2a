package postgres_test

import (
	"context"
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

func add(ctx context.Context, tx *sqldb.Tx, id int) error {
	tx.Exec("add", "UPDATE accounts SET sum = sum + 1 WHERE id = $1", id)
	return tx.Send(ctx)
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
			results[i] = db.InTx(ctx, func(tx *sqldb.Tx) error {
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
	err := db.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := add(ctx, tx, 2); err != nil { // it has its snapshot
			return err
		}
		mustExec(t, db, "UPDATE accounts SET sum = 7 WHERE id = 1")
		return add(ctx, tx, 1)
	})
	wantRetryable(t, db, err, true)
}

func TestRetryable_connection_killed(t *testing.T) {
	t.Parallel()
	db := accounts(t, pgtest.DSN(t))
	ctx := t.Context()
	for name, after := range map[string]func(tx *sqldb.Tx) error{
		"before a statement": func(tx *sqldb.Tx) error { return add(ctx, tx, 2) },
		"before the commit":  func(*sqldb.Tx) error { return nil },
	} {
		err := db.InTx(ctx, func(tx *sqldb.Tx) error {
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
func kill(t *testing.T, db *sqldb.DB, tx *sqldb.Tx) {
	t.Helper()
	killBackend(t, db, backend(t, tx))
}

// backend is the server's process that serves tx.
func backend(t *testing.T, tx *sqldb.Tx) (pid int) {
	t.Helper()
	tx.Query("ask for the backend", "SELECT pg_backend_pid()", func(r sqldb.Row) error { return r.Scan(&pid) })
	if err := tx.Send(t.Context()); err != nil {
		t.Fatal(err)
	}
	return pid
}

func killBackend(t *testing.T, db *sqldb.DB, pid int) {
	t.Helper()
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
	err := db.InTx(ctx, func(tx *sqldb.Tx) error {
		inner, err := tx.SQL(ctx)
		if err != nil {
			return err
		}
		_, _ = inner.ExecContext(ctx, "SELECT 1/0")
		return nil
	})
	wantRetryable(t, db, err, false)
}

func TestRetryable_not_when_the_context_ends_a_statement(t *testing.T) {
	t.Parallel()
	db := accounts(t, pgtest.DSN(t))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := db.InTx(ctx, func(tx *sqldb.Tx) error {
		tx.Exec("sleep", "SELECT pg_sleep(10)")
		return tx.Send(ctx)
	})
	wantRetryable(t, db, err, false)
	mustExec(t, db, "SELECT 1")
}

// The server may get to the COMMIT that came with it.
func TestRetryable_when_the_context_ends_a_statement_that_a_commit_came_with(t *testing.T) {
	t.Parallel()
	db := accounts(t, pgtest.DSN(t))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	wantRetryable(t, db, exec(ctx, db, "SELECT pg_sleep(10)"), true)
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

// A DSN with both servers finds the one that takes writes, before and after the
// primary is gone.
func TestOpen_finds_the_primary(t *testing.T) {
	t.Parallel()
	primary, standby := pgtest.WithStandby(t)
	dsn := "postgres:///postgres?user=postgres&target_session_attrs=read-write&host=" + standby.Dir() + "," + primary.Dir()
	db := accounts(t, dsn)
	primary.Crash()
	wantRetryable(t, db, exec(t.Context(), db, "UPDATE accounts SET sum = 7 WHERE id = 1"), true)
	standby.Exec("SELECT pg_promote()")
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := exec(t.Context(), db, "UPDATE accounts SET sum = sum + 1 WHERE id = 2")
		if err == nil {
			break
		}
		wantRetryable(t, db, err, true)
		if t.Failed() {
			return
		}
		<-tick.C
	}
	var sum int
	if err := db.Reader().QueryRowContext(t.Context(), "SELECT sum(sum) FROM accounts").Scan(&sum); err != nil || sum != 1 {
		t.Errorf("got %d, %v; want the one update that was committed", sum, err)
	}
}
