package sqlite_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"orderly/pkg/sqldb"
)

var (
	id   = sqldb.Column{Name: "id", Type: sqldb.Text}
	name = sqldb.Column{Name: "name", Type: sqldb.Text}
)

// The plan must walk the input and look each row up, at any size of the table.
func TestSet_statements_reach_the_table_by_its_key(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, filepath.Join(t.TempDir(), "test.db"))
	mustExec(t, db, "CREATE TABLE items (id TEXT PRIMARY KEY, name TEXT) WITHOUT ROWID")
	d := db.Dialect()
	for _, statement := range []string{
		"UPDATE items SET name = given.name FROM " + d.Source([]sqldb.Column{id, name}) + " WHERE items.id = given.id",
		"DELETE FROM items WHERE " + d.In(id, 1),
		"SELECT name FROM items WHERE " + d.In(id, 1) + " ORDER BY id",
	} {
		plan := explain(t, db, statement)
		if !strings.Contains(plan, "SEARCH items USING PRIMARY KEY") || strings.Contains(plan, "SCAN items") {
			t.Errorf("%s:\n%swant a search by the primary key", statement, plan)
		}
	}
}

func explain(t *testing.T, db *sqldb.DB, statement string) (plan string) {
	t.Helper()
	rows, err := db.Reader().QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+statement, "[]")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var step, parent, unused int
		var detail string
		if err := rows.Scan(&step, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan += detail + "\n"
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan
}

// A transaction waits for its turn in the pool, first come first served, not
// in SQLite, which would try now and then and give up.
func TestInTx_waits_for_the_only_connection_that_writes(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, filepath.Join(t.TempDir(), "test.db"))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err := db.InTx(t.Context(), func(*sqldb.Tx) error {
		err := db.InTx(ctx, func(*sqldb.Tx) error { return nil })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v from a second transaction, want the end of its context", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRetryable_when_another_process_holds_the_lock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "test.db")
	db, other := mustOpen(t, path), mustOpen(t, path)
	mustExec(t, db, "PRAGMA busy_timeout = 0")
	err := other.InTx(t.Context(), func(*sqldb.Tx) error {
		err := exec(t, db, "CREATE TABLE items (id TEXT)")
		if err == nil || !db.Retryable(err) {
			t.Errorf("got %v, want a retryable error", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, db, "CREATE TABLE items (id TEXT)")
}

func TestRetryable_when_the_disk_is_full(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, filepath.Join(t.TempDir(), "test.db"))
	mustExec(t, db, "CREATE TABLE items (id TEXT)")
	mustExec(t, db, "PRAGMA max_page_count = 10")
	err := exec(t, db, "INSERT INTO items VALUES ($1)", strings.Repeat("x", 1<<20))
	if err == nil || !db.Retryable(err) {
		t.Errorf("got %v, want a retryable error", err)
	}
}

func TestRetryable_not_when_the_context_ends_a_statement(t *testing.T) {
	t.Parallel()
	db := mustOpen(t, filepath.Join(t.TempDir(), "test.db"))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := db.InTx(ctx, func(tx *sqldb.Tx) error {
		tx.Query("count", "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
			func(sqldb.Row) error { return nil })
		return nil
	})
	if err == nil || db.Retryable(err) {
		t.Errorf("got %v, retryable %v; want the context's error", err, db.Retryable(err))
	}
	mustExec(t, db, "CREATE TABLE items (id TEXT)")
}
