package pgtest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"orderly/internal/postgres"
)

// Server is a PostgreSQL of one test alone, which may break it.
type Server struct {
	t testing.TB
	s *server
}

// Options say what is special about a [Server].
type Options struct {
	// Password makes it listen on a free port of 127.0.0.1, and want the
	// password, instead of a socket that lets in everybody.
	Password string
	// Settings are added to the server's, as "ssl=on".
	Settings []string
	// Files are put into its data directory, by name.
	Files map[string][]byte
}

// Private starts a server, which is stopped when the test ends. It skips the
// test where PostgreSQL is not installed.
func Private(t testing.TB, o Options) *Server {
	t.Helper()
	p := made(t, o)
	p.Start()
	return p
}

// WithStandby starts a server and a hot standby that has everything before a
// commit is answered.
func WithStandby(t testing.TB) (primary, standby *Server) {
	t.Helper()
	primary = made(t, Options{})
	standby = &Server{t: t, s: &server{Server: primary.s.Server}}
	standby.s.Dir = directory(t)
	if out, err := exec.Command("cp", "-a", filepath.Join(primary.s.Dir, "data"), standby.s.Dir).CombinedOutput(); err != nil {
		t.Fatalf("pgtest: copy the primary: %v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(standby.s.Dir, "data", "standby.signal"), nil, 0o644); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	primary.s.Settings = append(primary.s.Settings[:len(primary.s.Settings):len(primary.s.Settings)],
		"synchronous_standby_names=*", "synchronous_commit=remote_apply")
	standby.s.Settings = append(standby.s.Settings[:len(standby.s.Settings):len(standby.s.Settings)],
		fmt.Sprintf("primary_conninfo=host=%s user=%s", primary.s.Dir, postgres.Superuser))
	primary.Start()
	standby.Start()
	return primary, standby
}

// made prepares a server's directory.
func made(t testing.TB, o Options) *Server {
	t.Helper()
	p := &Server{t: t, s: newServer(Need(t), directory(t))}
	p.s.Settings = append(p.s.Settings, o.Settings...)
	if p.s.Password = o.Password; o.Password != "" {
		p.s.Port = freePort(t)
	}
	if err := p.s.Init(); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	for name, content := range o.Files {
		if err := p.s.put(name, content); err != nil {
			t.Fatalf("pgtest: %v", err)
		}
	}
	return p
}

// directory is one whose socket's path is short enough, and that goes after
// the server has.
func directory(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "pgtest")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return dir
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// put writes a file that only the server's account may read.
func (s *server) put(name string, content []byte) error {
	data := filepath.Join(s.Dir, "data")
	info, err := os.Stat(data)
	if err != nil {
		return err
	}
	path := filepath.Join(data, name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return errors.New("whose directory it is cannot be told here")
	}
	return os.Chown(path, int(owner.Uid), int(owner.Gid))
}

// Start starts the server, or starts it again, and waits until it answers.
func (p *Server) Start() {
	p.t.Helper()
	if err := p.s.launch(); err != nil {
		p.t.Fatalf("pgtest: %v", err)
	}
	p.t.Cleanup(p.Crash)
}

// Crash ends the server without a clean end. It may have ended before.
func (p *Server) Crash() {
	_ = p.s.process.Signal(syscall.SIGQUIT)
	<-p.s.process.Exited()
}

// Exec runs a statement as superuser.
func (p *Server) Exec(statement string) {
	p.t.Helper()
	if err := p.s.admin(statement); err != nil {
		p.t.Fatalf("pgtest: %v", err)
	}
}

// Dir has the server's socket, if it has no password.
func (p *Server) Dir() string { return p.s.Dir }

// DSN says how the superuser connects to a database of the server.
func (p *Server) DSN(database string) string { return p.s.dsn(database) }
