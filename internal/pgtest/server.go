package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"
)

const superuser = "postgres"

// server is a running PostgreSQL and the directory that holds all it has.
type server struct {
	dir     string
	process *os.Process
	exited  chan error // gets one value, when the process has ended
}

// binaries finds the directory of initdb and postgres: the newest of Debian's,
// or what PATH has.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		path, err := exec.LookPath("initdb")
		if err != nil {
			return "", errors.New("PostgreSQL is not installed: apt-get install postgresql")
		}
		return filepath.Dir(path), nil
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
}

// version reads the number in /usr/lib/postgresql/15/bin/initdb; 0 if none.
func version(initdb string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb))))
	return n
}

func startServer(bin string) (*server, error) {
	// Not below TMPDIR: the path of a socket has room for 107 bytes.
	dir, err := os.MkdirTemp("/tmp", "pgtest")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, exited: make(chan error, 1)}
	if err := s.boot(bin); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

func (s *server) boot(bin string) error {
	attr, err := attributes(s.dir)
	if err != nil {
		return err
	}
	data := filepath.Join(s.dir, "data")
	initdb := exec.Command(filepath.Join(bin, "initdb"), "-D", data, "-U", superuser,
		"-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions")
	initdb.Dir, initdb.SysProcAttr = s.dir, attr
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	postgres := exec.Command(filepath.Join(bin, "postgres"), "-D", data, "-k", s.dir,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off",
		"-c", "max_connections=300", "-c", "shared_buffers=64MB")
	postgres.Dir, postgres.SysProcAttr, postgres.Stdout, postgres.Stderr = s.dir, attr, log, log
	if err := s.launch(postgres); err != nil {
		return err
	}
	return s.ready()
}

// launch keeps the thread that starts the server, because the server gets its
// signal when that thread ends and not when the process does.
func (s *server) launch(cmd *exec.Cmd) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		s.process = cmd.Process
		started <- err
		if err == nil {
			s.exited <- cmd.Wait()
		}
	}()
	return <-started
}

func (s *server) ready() error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for {
		select {
		case err := <-s.exited:
			return fmt.Errorf("the server ended: %v\n%s", err, s.log())
		case <-late:
			return errors.Join(fmt.Errorf("the server was not ready in %v\n%s", patience, s.log()), s.stop())
		case <-tick.C:
			if s.admin("SELECT 1") == nil {
				return nil
			}
		}
	}
}

func (s *server) log() []byte {
	text, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return []byte(err.Error())
	}
	return text
}

// stop ends the server at once, clients or not, and removes its directory.
func (s *server) stop() error {
	if err := s.process.Signal(syscall.SIGQUIT); err != nil {
		return fmt.Errorf("stop the server: %w", err)
	}
	<-s.exited
	return os.RemoveAll(s.dir)
}
