package pgtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"orderly/internal/postgres"
	"orderly/internal/process"
)

// server is a running PostgreSQL and the directory that holds all it has.
type server struct {
	postgres.Server
	process *process.Process
}

func startServer(bin string) (*server, error) {
	// Not below TMPDIR: the path of a socket has room for 107 bytes.
	dir, err := os.MkdirTemp("/tmp", "pgtest")
	if err != nil {
		return nil, err
	}
	s := newServer(bin, dir)
	if err := s.boot(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

func newServer(bin, dir string) *server {
	return &server{Server: postgres.Server{
		Binaries: bin,
		Dir:      dir,
		Settings: []string{"fsync=off", "full_page_writes=off", "max_connections=300", "shared_buffers=64MB"},
	}}
}

func (s *server) boot() error {
	if err := s.Init(); err != nil {
		return err
	}
	return s.launch()
}

// launch starts the server on its directory.
func (s *server) launch() error {
	cmd, err := s.Command()
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(s.Dir, "log"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	cmd.Stdout, cmd.Stderr = log, log
	if s.process, err = process.Start(cmd, syscall.SIGQUIT); err != nil {
		return err
	}
	return s.ready()
}

func (s *server) ready() error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	late := time.After(patience)
	for {
		select {
		case <-s.process.Exited():
			return fmt.Errorf("the server ended: %v\n%s", s.process.Err(), s.log())
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
	text, err := os.ReadFile(filepath.Join(s.Dir, "log"))
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
	<-s.process.Exited()
	return os.RemoveAll(s.Dir)
}
