package postgres_test

import (
	"context"
	"database/sql"
	"net"
	"strings"
	"testing"
	"time"

	"orderly/internal/pgtest"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/postgres"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func mustOpen(t *testing.T, dsn string) *sqldb.DB {
	t.Helper()
	return mustOpenWith(t, postgres.Options{}, dsn)
}

func mustOpenWith(t *testing.T, o postgres.Options, dsn string) *sqldb.DB {
	t.Helper()
	db, err := o.Open(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func exec(ctx context.Context, db *sqldb.DB, statement string, args ...any) error {
	return db.InTx(ctx, func(tx *sqldb.Tx) error {
		tx.Exec("try", statement, args...)
		return nil
	})
}

func mustExec(t *testing.T, db *sqldb.DB, statement string, args ...any) {
	t.Helper()
	if err := exec(t.Context(), db, statement, args...); err != nil {
		t.Fatal(err)
	}
}

func TestOpen_errors_do_not_hold_the_password(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := closed.Addr().String()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(address)
	for _, dsn := range []string{
		"postgres://shop:hunter2@" + address + "/orders",
		"postgres://shop:hunter2@" + address + "/orders?connect_timeout=soon",
		"postgres://shop:hunter2@" + host + ":port/orders",
		"postgres://shop:hunter2%zz@" + address + "/orders",
		"postgres://shop:p@hunter2@" + address + "/orders",
		"postgres://shop:p/hunter2@" + address + "/orders",
		"host=" + host + " port=" + port + " user=shop password=hunter2 dbname=orders",
		"host=" + host + " port=x user=shop password=hunter2",
		"host=" + host + " user=shop password='hunter2",
	} {
		_, err := postgres.Open(t.Context(), dsn)
		if err == nil {
			t.Errorf("%s: got no error", dsn)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error holds the password: %v", dsn, err)
		}
	}
}

func TestOpen_of_a_missing_database_names_it(t *testing.T) {
	t.Parallel()
	_, err := postgres.Open(t.Context(), pgtest.DSN(t)+"&dbname=missing")
	if err == nil || !strings.Contains(err.Error(), `"missing"`) {
		t.Errorf("got %v, want an error that names the database", err)
	}
}

func TestOpen_sets_what_the_connections_promise(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, pgtest.DSN(t))
	writer, reader := make(map[string]string), make(map[string]string)
	settings := []string{
		"TimeZone", "transaction_isolation", "idle_in_transaction_session_timeout",
		"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit",
	}
	for _, name := range settings {
		writer[name] = writerSetting(t, db, name)
		reader[name] = setting(t, db.Reader(), name)
	}
	for i, want := range []string{"UTC", "read committed", "1min", "off", "off", "off", "off"} {
		if got := writer[settings[i]]; got != want {
			t.Errorf("writer's %s = %s, want %s", settings[i], got, want)
		}
	}
	for i, want := range []string{"UTC", "read committed", "1min", "on", "on", "on"} {
		if got := reader[settings[i]]; got != want {
			t.Errorf("reader's %s = %s, want %s", settings[i], got, want)
		}
	}
}

const askSetting = "SELECT current_setting($1)"

func setting(t *testing.T, pool *sql.DB, name string) (value string) {
	t.Helper()
	if err := pool.QueryRowContext(t.Context(), askSetting, name).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// writerSetting is a setting as write transactions have it.
func writerSetting(t *testing.T, db *sqldb.DB, name string) (value string) {
	t.Helper()
	err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		tx.Query("ask for a setting", askSetting, func(r sqldb.Row) error { return r.Scan(&value) }, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func TestOpen_leaves_what_the_DSN_sets(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, pgtest.DSN(t)+"&enable_seqscan=on&idle_in_transaction_session_timeout=7s")
	if got := writerSetting(t, db, "enable_seqscan"); got != "on" {
		t.Errorf("enable_seqscan = %s, want on", got)
	}
	if got := writerSetting(t, db, "idle_in_transaction_session_timeout"); got != "7s" {
		t.Errorf("idle_in_transaction_session_timeout = %s, want 7s", got)
	}
}

func TestOptions_limit_the_connections(t *testing.T) {
	t.Parallel()
	db, err := postgres.Options{WriteConns: 1, ReadConns: 2}.Open(t.Context(), pgtest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if got := db.Reader().Stats().MaxOpenConnections; got != 2 {
		t.Errorf("reader has at most %d connections, want 2", got)
	}
	err = db.InTx(t.Context(), func(*sqldb.Tx) error {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if err := exec(ctx, db, "SELECT 1"); err == nil {
			t.Error("a second write transaction ran beside the only one")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestLock_keeps_other_writers_out(t *testing.T) {
	t.Parallel()
	db := accounts(t, pgtest.DSN(t)+"&lock_timeout=20ms")
	err := db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		tx.Exec("lock", "SELECT id FROM accounts WHERE id = 1"+db.Lock())
		if err := tx.Send(t.Context()); err != nil {
			return err
		}
		mustExec(t, db, "UPDATE accounts SET sum = 1 WHERE id = 2")
		wantRetryable(t, db, exec(t.Context(), db, "UPDATE accounts SET sum = 1 WHERE id = 1"), true)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A plan that was made while the table was empty is used when it is large.
func TestSet_statements_keep_to_the_index_as_the_table_grows(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := mustOpen(t, pgtest.DSN(t)+"&plan_cache_mode=force_generic_plan")
	mustExec(t, db, "CREATE TABLE items (id uuid PRIMARY KEY, name text)")
	id, name := sqldb.Column{Name: "id", Type: sqldb.UUID}, sqldb.Column{Name: "name", Type: sqldb.Text}
	d := db.Dialect()
	for _, statement := range []string{
		"UPDATE items SET name = given.name FROM " + d.Source([]sqldb.Column{id, name}) + " WHERE items.id = given.id",
		"DELETE FROM items WHERE " + d.In(id, 1) + " AND name = ANY($2)",
		"SELECT name FROM items WHERE " + d.In(id, 1) + " AND name = ANY($2) ORDER BY id" + db.Lock(),
	} {
		err := db.InTx(ctx, func(tx *sqldb.Tx) error {
			plan := explain(ctx, t, tx, statement)
			if !strings.Contains(plan, "items_pkey") || strings.Contains(plan, "Seq Scan on items") {
				t.Errorf("%s:\n%swant the primary key's index", statement, plan)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func explain(ctx context.Context, t *testing.T, tx *sqldb.Tx, statement string) (plan string) {
	t.Helper()
	tx.Query("explain", "EXPLAIN "+statement, func(r sqldb.Row) error {
		var line string
		err := r.Scan(&line)
		plan += line + "\n"
		return err
	}, []string{}, []string{})
	if err := tx.Send(ctx); err != nil {
		t.Fatal(err)
	}
	return plan
}

// A server that was set up without a locale has databases without an encoding.
func TestOpen_speaks_UTF8_to_a_database_without_encoding(t *testing.T) {
	t.Parallel()
	server := pgtest.Private(t, pgtest.Options{})
	server.Exec("CREATE DATABASE bytes ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
	db := mustOpen(t, server.DSN("bytes"))
	mustExec(t, db, "CREATE TABLE names (name text)")
	mustExec(t, db, "INSERT INTO names VALUES ($1)", "Käse 🧀")
	var got string
	if err := db.Reader().QueryRowContext(t.Context(), "SELECT name FROM names").Scan(&got); err != nil || got != "Käse 🧀" {
		t.Errorf("got %q, %v; want what was written", got, err)
	}
}
