package storetest

import (
	"path/filepath"
	"testing"

	"orderly/internal/pgtest"
	"orderly/pkg/engine"
	"orderly/pkg/event"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/postgres"
	"orderly/pkg/sqldb/sqlite"
)

// Service is the one whose store is tested.
type Service struct {
	// Schema is what the service's database holds.
	Schema sqldb.Schema
	// New returns the service's store on a database with these tables.
	New func(db *sqldb.DB, registry *event.Registry) engine.Decider
}

// OnEach runs a test on each kind of database, in parallel.
func (s Service) OnEach(t *testing.T, test func(t *testing.T, d Database)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, s.OnSQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, s.OnPostgres(t))
	})
}

// OnSQLite makes a database in a file, with the service's tables.
func (s Service) OnSQLite(t testing.TB) Database {
	t.Helper()
	path := filepath.Join(t.TempDir(), "test.db")
	return s.migrated(t, Database{service: s, kind: onSQLite, dsn: path, open: func(t testing.TB) (*sqldb.DB, error) {
		return sqlite.Options{Synchronous: sqlite.Off}.Open(t.Context(), path)
	}})
}

// OnPostgres makes a database on PostgreSQL, with the service's tables. A
// deadlock there is an error after 100 ms.
func (s Service) OnPostgres(t testing.TB) Database {
	t.Helper()
	dsn := pgtest.DSN(t) + "&deadlock_timeout=100ms"
	return s.migrated(t, Database{service: s, kind: onPostgres, dsn: dsn, open: func(t testing.TB) (*sqldb.DB, error) {
		// One connection that writes: a batch that runs again keeps its backend.
		return postgres.Options{WriteConns: 1, ReadConns: 2}.Open(t.Context(), dsn)
	}})
}

func (s Service) migrated(t testing.TB, d Database) Database {
	t.Helper()
	if err := d.Open(t).Migrate(t.Context(), s.Schema); err != nil {
		t.Fatal(err)
	}
	return d
}

// serve returns a replica of the service on pools of its own.
func (s Service) serve(t testing.TB, db *sqldb.DB) Replica {
	t.Helper()
	registry := NewRegistry(t)
	return Replica{DB: db, Registry: registry, Decider: s.New(db, registry)}
}
