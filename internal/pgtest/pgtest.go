package pgtest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"orderly/internal/postgres"
)

const patience = time.Minute

// shared is the server of this test process: a TestMain has no other way to
// hand it to the tests.
var shared struct {
	inMain    atomic.Bool
	databases atomic.Int64

	mu     sync.Mutex // guards what follows
	server *server
	err    error
}

// Main runs the tests of a package, stops the server if one was started, fails
// if a goroutine is left over, and ends the process.
func Main(m *testing.M) { goleak.VerifyTestMain(tests{m}) }

// Run is for a TestMain with something of its own to do: it runs the tests, stops
// the server if one was started, and returns the code to exit with.
func Run(m *testing.M) int { return tests{m}.Run() }

type tests struct{ m *testing.M }

// Run runs the tests, then stops the server.
func (t tests) Run() int {
	shared.inMain.Store(true)
	code := t.m.Run()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.server == nil {
		return code
	}
	if err := shared.server.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		return max(code, 1)
	}
	return code
}

// DSN makes an empty database and returns how to connect to it as superuser.
// The database goes, with whoever is still connected, when the test ends. It
// skips the test where PostgreSQL is not installed.
func DSN(t testing.TB) string {
	t.Helper()
	if !shared.inMain.Load() {
		t.Fatal("pgtest: the package needs func TestMain(m *testing.M) { pgtest.Main(m) }")
	}
	bin := Need(t)
	srv, err := start(bin)
	if err != nil {
		t.Fatalf("pgtest: start PostgreSQL: %v", err)
	}
	name := fmt.Sprintf("test_%d", shared.databases.Add(1))
	if err := srv.admin("CREATE DATABASE " + name); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		if err := srv.admin("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return srv.dsn(name)
}

// Need returns the directory of PostgreSQL's binaries. It skips the test where
// there is none, or fails it where PostgreSQL is required.
func Need(t testing.TB) string {
	t.Helper()
	bin, err := postgres.Binaries()
	if err != nil {
		missing(t, err)
	}
	return bin
}

func missing(t testing.TB, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" || os.Getenv("ORDERLY_REQUIRE_POSTGRES") == "1" {
		t.Fatalf("pgtest: %v", err)
	}
	t.Skipf("SKIPPED, NOT TESTED ON POSTGRESQL: %v", err)
}

// start returns the shared server, which is started once: a second try would
// fail as the first did.
func start(bin string) (*server, error) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = startServer(bin)
	}
	return shared.server, shared.err
}

func (s *server) dsn(database string) string { return s.DSN(postgres.Superuser, database) }

func (s *server) admin(statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.dsn("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}
