package main_test

import (
	"context"
	"path/filepath"
	"syscall"
	"testing"

	"orderly/internal/app/allinone"
	"orderly/internal/pgtest"
	"orderly/order"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/postgres"
	"orderly/pkg/sqldb/sqlite"
)

// stage is a running system, for an operator's commands.
type stage struct {
	*testing.T
	url    string
	start  func() (url string)
	stop   func(syscall.Signal)
	open   func(ctx context.Context, service string) (*sqldb.DB, error)
	poison []string // has the table of payments refuse new rows
	cure   string   // undoes that
}

// onEach runs a test on the program as users start it, whose databases are SQLite's,
// and on the same system with PostgreSQL, which runs in this process: no signal ends
// it, and it is stopped instead.
func onEach(t *testing.T, test func(s *stage)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		s := onSQLite(t)
		s.url = s.start()
		test(s)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		s := onPostgres(t)
		s.url = s.start()
		test(s)
	})
}

func onSQLite(t *testing.T) *stage {
	t.Helper()
	dir := t.TempDir()
	var system *process
	return &stage{
		T: t,
		start: func() (url string) {
			system, url = up(t, "--data", dir, "--http", "127.0.0.1:0")
			return url
		},
		stop: func(by syscall.Signal) {
			if code := system.stop(t, by); code != 0 && by != syscall.SIGKILL {
				t.Errorf("%s: exit code %d: %s", by, code, system.stderr)
			}
		},
		open: func(ctx context.Context, service string) (*sqldb.DB, error) {
			return sqlite.Open(ctx, filepath.Join(dir, service+".db"))
		},
		poison: []string{`CREATE TRIGGER poison BEFORE INSERT ON payments BEGIN SELECT RAISE(ABORT, 'no room for payments'); END`},
		cure:   `DROP TRIGGER poison`,
	}
}

func onPostgres(t *testing.T) *stage {
	t.Helper()
	dsns := map[string]string{}
	for _, name := range []string{"order", "inventory", "payment", "gateway"} {
		dsns[name] = pgtest.DSN(t)
	}
	s := &stage{T: t, open: func(ctx context.Context, service string) (*sqldb.DB, error) { return postgres.Open(ctx, dsns[service]) }}
	cfg := allinone.Config{Dir: t.TempDir(), Addr: "127.0.0.1:0", Version: "test", Policy: order.DefaultPolicy(), Databases: s.open}
	var system *allinone.System
	s.start = func() string {
		var err error
		if system, err = allinone.Start(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
		return system.URL()
	}
	s.stop = func(syscall.Signal) {
		running := system
		if system = nil; running == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), startLimit)
		defer cancel()
		if err := running.Stop(ctx); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(func() { s.stop(syscall.SIGTERM) })
	s.cure = `DROP FUNCTION poison CASCADE`
	s.poison = []string{
		`CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no room for payments' USING ERRCODE = 'check_violation'; END $$`,
		`CREATE TRIGGER poison BEFORE INSERT ON payments FOR EACH ROW EXECUTE FUNCTION poison()`,
	}
	return s
}

// at runs a command, whose answer is JSON; said runs one, whose answer is for a
// person.
func (s *stage) at(args ...string) result {
	return orderly(s.T, append(args, "--url", s.url, "--output", "json")...)
}

func (s *stage) said(args ...string) string {
	return orderly(s.T, append(args, "--url", s.url)...).stdout
}

// exec changes a service's database behind its back.
func (s *stage) exec(service string, statements ...string) {
	s.Helper()
	db, err := s.open(s.Context(), service)
	if err != nil {
		s.Fatal(err)
	}
	defer db.Close()
	err = db.InTx(s.Context(), func(tx *sqldb.Tx) error {
		for _, statement := range statements {
			tx.Exec("a test", statement)
		}
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
}
