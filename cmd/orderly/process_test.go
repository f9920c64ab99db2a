package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// startLimit is how long a system may take to start or to stop.
const startLimit = 30 * time.Second

// process is a running `orderly up`.
type process struct {
	cmd    *exec.Cmd
	stderr *log
	ready  chan string   // gets the URL; closed with the process's output
	exited chan struct{} // closed when the process has ended
}

// log collects what a process says.
type log struct {
	mu  sync.Mutex // guards all
	buf bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// spawn starts `orderly up` and does not wait for anything.
func spawn(t testing.TB, args ...string) *process {
	t.Helper()
	p := &process{
		cmd:    exec.Command(program, append([]string{"up", "--output", "json", "--log-level", "warn"}, args...)...),
		stderr: &log{},
		ready:  make(chan string, 1),
		exited: make(chan struct{}),
	}
	p.cmd.Env = environment()
	p.cmd.Stderr = p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.exited)
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			var r struct{ URL string }
			if json.Unmarshal(lines.Bytes(), &r) == nil && r.URL != "" {
				p.ready <- r.URL
			}
		}
		close(p.ready)
		_ = p.cmd.Wait() // how it ended is in ProcessState
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it may have ended long ago
		<-p.exited
	})
	return p
}

// up starts a system and returns it with its URL.
func up(t testing.TB, args ...string) (*process, string) {
	t.Helper()
	p := spawn(t, args...)
	return p, p.url(t)
}

// url waits until the system is ready.
func (p *process) url(t testing.TB) string {
	t.Helper()
	select {
	case url, ok := <-p.ready:
		if !ok {
			t.Fatalf("the system ended before it was ready: %s", p.stderr)
		}
		return url
	case <-time.After(startLimit):
		t.Fatalf("the system was not ready in %s: %s", startLimit, p.stderr)
	}
	return ""
}

// stop ends the system with a signal and returns the exit code.
func (p *process) stop(t testing.TB, s syscall.Signal) int {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.exited:
	case <-time.After(startLimit):
		t.Fatalf("the system did not stop in %s: %s", startLimit, p.stderr)
	}
	return p.cmd.ProcessState.ExitCode()
}

// freeAddress returns an address that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
