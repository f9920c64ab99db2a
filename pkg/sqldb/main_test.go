package sqldb_test

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"orderly/internal/pgtest"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/postgres"
	"orderly/pkg/sqldb/sqlite"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// engine is one of the databases that a promise must hold on. open opens the
// same database again, as another replica does.
type engine struct {
	name string
	open func(t testing.TB) *sqldb.DB
}

// onEach runs test on an empty database of each engine.
func onEach(t *testing.T, test func(t *testing.T, e engine)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, onSQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, onPostgres(t))
	})
}

func onSQLite(t testing.TB) engine {
	path := filepath.Join(t.TempDir(), "test.db")
	return engine{"sqlite", func(t testing.TB) *sqldb.DB {
		db, err := sqlite.Open(t.Context(), path)
		return closed(t, db, err)
	}}
}

func onPostgres(t testing.TB) engine {
	dsn := pgtest.DSN(t)
	return engine{"postgres", func(t testing.TB) *sqldb.DB {
		db, err := postgres.Open(t.Context(), dsn)
		return closed(t, db, err)
	}}
}

// closed closes db when the test ends.
func closed(t testing.TB, db *sqldb.DB, err error) *sqldb.DB {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

var (
	id   = sqldb.Column{Name: "id", Type: sqldb.UUID}
	name = sqldb.Column{Name: "name", Type: sqldb.Text}
	qty  = sqldb.Column{Name: "qty", Type: sqldb.Int}
	open = sqldb.Column{Name: "open", Type: sqldb.Bool}
	due  = sqldb.Column{Name: "due", Type: sqldb.Time}
	all  = []sqldb.Column{id, name, qty, open, due}
)

// items is the schema of the tests: one table with a column of each type.
func items() fstest.MapFS {
	return fstest.MapFS{
		"migrations/sqlite/00001_items.sql": file(`CREATE TABLE items (
			id TEXT PRIMARY KEY, name TEXT, qty BIGINT, open BOOLEAN, due BIGINT) WITHOUT ROWID`),
		"migrations/postgres/00001_items.sql": file(`CREATE TABLE items (
			id uuid PRIMARY KEY, name text, qty bigint, open boolean, due bigint)`),
	}
}

// schema is that of a service with one set of tables.
func schema(files fs.FS) sqldb.Schema {
	return sqldb.Schema{Owner: "test", Tables: []sqldb.Tables{{Name: "test", Files: files}}}
}

func file(statement string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte("-- +goose Up\n" + statement + ";\n")}
}

// withItems opens e and makes the table.
func withItems(t testing.TB, e engine) *sqldb.DB {
	t.Helper()
	db := e.open(t)
	if err := db.Migrate(t.Context(), schema(items())); err != nil {
		t.Fatal(err)
	}
	return db
}

// key is the nth id; ids sort as their numbers do.
func key(n int) string { return fmt.Sprintf("019a0000-0000-7000-8000-%012x", n) }

// item is what a row of the table holds; a nil is NULL.
type item struct {
	id   string
	name *string
	qty  *int64
	open *bool
	due  time.Time
}

func load(ctx context.Context, db *sqldb.DB, ids ...string) ([]item, error) {
	predicate, arg := db.In(id, 1, ids)
	rows, err := db.Reader().QueryContext(ctx,
		"SELECT id, name, qty, open, due FROM items WHERE "+predicate+" ORDER BY id", arg)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []item
	for rows.Next() {
		var it item
		if err := rows.Scan(&it.id, &it.name, &it.qty, &it.open, sqldb.ScanTime(&it.due)); err != nil {
			return nil, err
		}
		found = append(found, it)
	}
	return found, rows.Err()
}

func mustLoad(t *testing.T, db *sqldb.DB, ids ...string) []item {
	t.Helper()
	found, err := load(t.Context(), db, ids...)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// insert adds one row with only its id and qty in a transaction of its own.
func insert(ctx context.Context, db *sqldb.DB, n int, quantity int64) error {
	return db.InTx(ctx, func(tx *sqldb.Tx) error {
		return tx.Insert("items", []sqldb.Column{id, qty}, [][]any{{key(n), quantity}})
	})
}

func mustInsert(t *testing.T, db *sqldb.DB, n int, quantity int64) {
	t.Helper()
	if err := insert(t.Context(), db, n, quantity); err != nil {
		t.Fatal(err)
	}
}

// inTx runs fn in a write transaction that must succeed.
func inTx(t *testing.T, db *sqldb.DB, fn func(tx *sqldb.Tx) error) {
	t.Helper()
	if err := db.InTx(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}
