package postgres

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// Superuser is the role that may do everything, and the account that the
// server runs under where this process is root.
const Superuser = "postgres"

// Server says which server to run. Binaries and Dir are required.
type Server struct {
	// Binaries is the directory of initdb and postgres, see [Binaries].
	Binaries string
	// Dir holds the data, and the socket if there is no Port: the socket's path
	// must not exceed 107 bytes. Where this process is root the directory is
	// given to the account of PostgreSQL.
	Dir string
	// Port on 127.0.0.1; with 0 the server listens on a socket in Dir instead.
	Port int
	// Password that every role needs, and the superuser's own. Empty lets in
	// whoever can reach the socket.
	Password string
	// Settings are added to the server's own, as "fsync=off".
	Settings []string
}

// Init makes the data directory, unless it is there.
func (s Server) Init() error {
	if _, err := os.Stat(filepath.Join(s.data(), "PG_VERSION")); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	args := []string{"-D", s.data(), "-U", Superuser, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"}
	if s.Password == "" {
		args = append(args, "-A", "trust")
	} else {
		file, err := s.passwordFile()
		if err != nil {
			return err
		}
		defer func() { _ = os.Remove(file) }() // initdb has read it
		args = append(args, "-A", "scram-sha-256", "--pwfile", file)
	}
	initdb, err := s.program("initdb", args...)
	if err != nil {
		return err
	}
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

// Command starts the server on a directory that Init has made.
func (s Server) Command() (*exec.Cmd, error) {
	args := []string{"-D", s.data()}
	if s.Port == 0 {
		args = append(args, "-k", s.Dir, "-c", "listen_addresses=")
	} else {
		args = append(args, "-k", "", "-c", "listen_addresses=127.0.0.1", "-p", strconv.Itoa(s.Port))
	}
	for _, setting := range s.Settings {
		args = append(args, "-c", setting)
	}
	return s.program("postgres", args...)
}

// DSN says how a role, the superuser too, connects to a database.
func (s Server) DSN(role, database string) string {
	u := url.URL{Scheme: "postgres", Path: "/" + database}
	if s.Port == 0 {
		u.RawQuery = url.Values{"host": {s.Dir}, "user": {role}}.Encode()
		return u.String()
	}
	u.Host = net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port))
	u.User = url.UserPassword(role, s.Password)
	u.RawQuery = "sslmode=disable"
	return u.String()
}

func (s Server) data() string { return filepath.Join(s.Dir, "data") }

func (s Server) program(name string, args ...string) (*exec.Cmd, error) {
	attr, err := attributes(s.Dir)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(filepath.Join(s.Binaries, name), args...)
	cmd.Dir, cmd.SysProcAttr = s.Dir, attr
	return cmd, nil
}

// passwordFile writes the password where the server's account can read it.
func (s Server) passwordFile() (string, error) {
	attr, err := attributes(s.Dir)
	if err != nil {
		return "", err
	}
	path := filepath.Join(s.Dir, "password")
	if err := os.WriteFile(path, []byte(s.Password+"\n"), 0o600); err != nil {
		return "", err
	}
	return path, own(attr, path)
}
