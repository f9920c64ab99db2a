package postgres_test

import (
	"fmt"
	"net/url"
	"os"
	osexec "os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"orderly/internal/pgtest"
	"orderly/internal/process"
	"orderly/pkg/sqldb/postgres"
)

// behindPgBouncer starts a PgBouncer in front of a database and returns how to
// connect through it. Where PgBouncer is not installed the test is skipped, but
// not in CI.
func behindPgBouncer(t *testing.T, dsn string, settings ...string) string {
	t.Helper()
	program, err := osexec.LookPath("pgbouncer")
	if err != nil { // not everybody's PATH has Debian's place for it
		program, err = osexec.LookPath("/usr/sbin/pgbouncer")
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("pgbouncer is not installed: apt-get install pgbouncer")
		}
		t.Skip("SKIPPED, NOT TESTED BEHIND PGBOUNCER: apt-get install pgbouncer")
	}
	dir, err := os.MkdirTemp("/tmp", "pgbouncer") // the path of a socket has room for 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	server, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	lines := append([]string{
		"[databases]", "* = host=" + server.Query().Get("host") + " user=postgres",
		"[pgbouncer]", "unix_socket_dir = " + dir, "listen_port = 6432", "auth_type = any", "logfile = " + filepath.Join(dir, "log"),
	}, settings...)
	file := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := osexec.Command(program, "-q", file)
	if os.Geteuid() == 0 { // which PgBouncer refuses
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: postgresAccount(t, dir)}
	}
	p, err := process.Start(cmd, syscall.SIGKILL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	through := "postgres://" + server.Path + "?" + url.Values{"host": {dir}, "port": {"6432"}, "user": {"postgres"}}.Encode()
	awaitServer(t, through)
	return through
}

// postgresAccount gives dir to the account that PostgreSQL runs under.
func postgresAccount(t *testing.T, dir string) *syscall.Credential {
	t.Helper()
	account, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.Atoi(account.Uid)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.Atoi(account.Gid)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// awaitServer waits until somebody answers.
func awaitServer(t *testing.T, dsn string) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(30 * time.Second)
	for {
		conn, err := pgx.Connect(t.Context(), dsn)
		if err == nil {
			_ = conn.Close(t.Context())
			return
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("nobody answers: %v", err)
		}
	}
}

const ignored = "ignore_startup_parameters = default_transaction_isolation,idle_in_transaction_session_timeout,enable_seqscan,enable_hashjoin,enable_mergejoin,jit"

func TestOpen_refuses_a_pooler_that_keeps_no_sessions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		settings []string
		role     bool // the settings are the role's
		words    string
	}{
		"that refuses start parameters": {[]string{"pool_mode = transaction"}, false, "startup parameter"},
		"that drops them":               {[]string{"pool_mode = transaction", ignored}, false, "enable_seqscan = off was asked for and is on"},
		"that shares connections":       {[]string{"pool_mode = transaction", ignored}, true, "connections share a process of the server"},
		"that shares them in turns":     {[]string{"pool_mode = transaction", "server_round_robin = 1", ignored}, true, "connections share a process of the server"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := pgtest.DSN(t)
			if c.role {
				setForDatabase(t, dsn)
			}
			_, err := postgres.Open(t.Context(), behindPgBouncer(t, dsn, c.settings...))
			if err == nil {
				t.Fatal("it was accepted")
			}
			for _, words := range []string{c.words, "PgBouncer", "Connect to PostgreSQL itself", "12 by default"} {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("got %v, want something with %q", err, words)
				}
			}
		})
	}
}

func TestOpen_takes_a_pooler_in_session_mode_with_the_settings_on_the_role(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	setForDatabase(t, dsn)
	db := mustOpen(t, behindPgBouncer(t, dsn, "pool_mode = session", ignored))
	mustExec(t, db, "CREATE TABLE kept (id int)")
	if got := writerSetting(t, db, "enable_seqscan"); got != "off" {
		t.Errorf("enable_seqscan = %s, want off", got)
	}
}

// setForDatabase gives the settings to whoever connects to the database: the
// role of these tests is everybody's.
func setForDatabase(t *testing.T, dsn string) {
	t.Helper()
	db := mustOpen(t, dsn)
	server, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"} {
		mustExec(t, db, fmt.Sprintf("ALTER DATABASE %s SET %s = off", strings.TrimPrefix(server.Path, "/"), name))
	}
}
