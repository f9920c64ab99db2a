package allinone

import (
	"context"
	"testing"

	"orderly/internal/pgtest"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/postgres"
	"orderly/pkg/sqldb/sqlite"
)

// onEach runs a test of a system with SQLite, as it is shipped, and with PostgreSQL
// behind the same services. Every start with the configuration finds what the one
// before has left.
func onEach(t *testing.T, test func(t *testing.T, cfg Config)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, Config{Dir: t.TempDir(), Addr: "127.0.0.1:0", Policy: quick()})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		dsns := map[string]string{}
		for _, name := range databases() {
			dsns[name] = pgtest.DSN(t)
		}
		test(t, Config{Dir: t.TempDir(), Addr: "127.0.0.1:0", Policy: quick(), Databases: func(ctx context.Context, name string) (*sqldb.DB, error) {
			return postgres.Open(ctx, dsns[name])
		}})
	})
}

// started starts a system, which the test stops.
func started(t *testing.T, cfg Config) *System {
	t.Helper()
	s, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// opened opens the database of a service of a system that does not run.
func opened(t *testing.T, cfg Config, name string) *sqldb.DB {
	t.Helper()
	open := cfg.Databases
	if open == nil {
		open = func(ctx context.Context, name string) (*sqldb.DB, error) {
			return sqlite.Open(ctx, databaseFile(cfg.Dir, name))
		}
	}
	db, err := open(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return db
}
