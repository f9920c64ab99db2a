package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is the system as a child process on a directory of its own.
type server struct {
	cmd   *exec.Cmd
	dir   string
	url   string
	ready time.Duration // from exec to the first answer
	log   *os.File
}

// startServer runs the program and waits until it is ready. Env is added to
// the environment.
func startServer(ctx context.Context, s settings, env ...string) (*server, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "orderly-bench")
	if err != nil {
		return nil, err
	}
	log, err := os.Create(dir + "/log")
	if err != nil {
		return nil, err
	}
	srv := &server{dir: dir, url: "http://" + addr, log: log}
	srv.cmd = exec.CommandContext(ctx, s.binary, "up", "--data", dir+"/data", "--http", addr, "--log-level", "warn")
	srv.cmd.Env = append(os.Environ(), env...)
	srv.cmd.Stdout, srv.cmd.Stderr = log, log
	srv.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	began := time.Now()
	if err := srv.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s (make build first): %w", s.binary, err)
	}
	for time.Since(began) < 30*time.Second {
		res, err := http.Get(srv.url + "/readyz")
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				srv.ready = time.Since(began)
				return srv, nil
			}
		}
		time.Sleep(time.Millisecond)
	}
	out, _ := os.ReadFile(log.Name())
	return nil, errors.Join(fmt.Errorf("not ready after 30 s: %s", out), srv.stop())
}

func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// stop ends the process cleanly and removes its directory.
func (s *server) stop() error {
	err := s.cmd.Process.Signal(syscall.SIGTERM)
	err = errors.Join(err, s.cmd.Wait(), s.log.Close())
	return errors.Join(err, os.RemoveAll(s.dir))
}

// cpu is the processor time that the process has used so far.
func (s *server) cpu() (time.Duration, error) { return cpuOf(s.cmd.Process.Pid) }

// memory is the resident memory now, in MiB.
func (s *server) memory() (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.Atoi(strings.Fields(rest)[0])
			return kib / 1024, err
		}
	}
	return 0, errors.New("no VmRSS")
}
