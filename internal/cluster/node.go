package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"orderly/internal/process"
)

// Node is one process of the cluster, which can be stopped, killed, paused and
// started again. One call at a time.
type Node struct {
	// Name is unique in the cluster, as "order-1".
	Name string

	log     string // file that gets what the process says
	command func() (*exec.Cmd, error)
	ready   func(context.Context) error // asked again and again
	quit    syscall.Signal              // asks for a clean end
	onDeath syscall.Signal              // sent if this process dies
	failed  chan<- Failure              // gets an end that nobody asked for
	// stubborn is a start that is tried again when the process ends at once:
	// for a moment, what was killed before is in its way.
	stubborn bool

	mu      sync.Mutex // guards what follows
	process *process.Process
	ending  *process.Process // is ended by somebody: its end is no failure
}

const (
	readyEvery = 50 * time.Millisecond
	startPause = 200 * time.Millisecond // before a stubborn start is tried again
)

// Failure is a process that ended and that nobody stopped.
type Failure struct {
	Node *Node
	Err  error
}

// Error says which process it was and what it said.
func (f Failure) Error() string { return fmt.Sprintf("%s ended by itself: %v", f.Node.Name, f.Err) }

// Start starts the process and returns when it is ready. A process that ends
// before, or is not ready when ctx ends, is an error that holds its last words.
func (n *Node) Start(ctx context.Context) error {
	for {
		if err := n.Launch(); err != nil {
			return err
		}
		err := n.Ready(ctx)
		if err == nil || !n.stubborn || !errors.Is(err, errEarly) {
			return err
		}
		select {
		case <-time.After(startPause):
		case <-ctx.Done():
			return err
		}
	}
}

var errEarly = errors.New("ended before it was ready")

// Launch starts the process and waits for nothing.
func (n *Node) Launch() error {
	cmd, err := n.command()
	if err != nil {
		return fmt.Errorf("%s: %w", n.Name, err)
	}
	log, err := os.OpenFile(n.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("%s: %w", n.Name, err)
	}
	defer func() { _ = log.Close() }() // the process has its own
	cmd.Stdout, cmd.Stderr = log, log
	p, err := process.Start(cmd, n.onDeath)
	if err != nil {
		return fmt.Errorf("%s: %w", n.Name, err)
	}
	n.mu.Lock()
	n.process = p
	n.mu.Unlock()
	return nil
}

// Ready waits until the process is ready, and watches it from then on.
func (n *Node) Ready(ctx context.Context) error {
	p := n.current()
	tick := time.NewTicker(readyEvery)
	defer tick.Stop()
	for {
		err := n.ready(ctx)
		if err == nil {
			go n.watch(p)
			return nil
		}
		select {
		case <-tick.C:
		case <-p.Exited():
			return fmt.Errorf("%s %w: %w%s", n.Name, errEarly, orClean(p.Err()), n.words())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w: %w%s", n.Name, context.Cause(ctx), err, n.words())
		}
	}
}

// watch tells of an end that nobody asked for. It ends with the process.
func (n *Node) watch(p *process.Process) {
	<-p.Exited()
	n.mu.Lock()
	asked := n.ending == p
	n.mu.Unlock()
	if asked {
		return
	}
	select {
	case n.failed <- Failure{Node: n, Err: fmt.Errorf("%w%s", orClean(p.Err()), n.words())}:
	default: // nobody looks
	}
}

// Stop asks the process to end cleanly and waits. One that does not before ctx
// ends is killed. Exit codes other than 0 are errors.
func (n *Node) Stop(ctx context.Context) error { return n.end(ctx, n.quit) }

func (n *Node) end(ctx context.Context, how syscall.Signal) error {
	p := n.expectEnd()
	if p == nil {
		return nil
	}
	_ = p.Signal(signalContinue) // a paused process hears nothing else
	if err := p.Signal(how); errors.Is(err, os.ErrProcessDone) {
		<-p.Exited()
		return nil // it has been killed, or it failed, which was told
	}
	select {
	case <-p.Exited():
	case <-ctx.Done():
		p.Kill()
		return fmt.Errorf("%s did not end and was killed: %w%s", n.Name, context.Cause(ctx), n.words())
	}
	if err := p.Err(); err != nil {
		return fmt.Errorf("%s did not end cleanly: %w%s", n.Name, err, n.words())
	}
	return nil
}

// Kill ends the process with SIGKILL.
func (n *Node) Kill() {
	if p := n.expectEnd(); p != nil {
		p.Kill()
	}
}

// Restart stops the process cleanly and starts it again.
func (n *Node) Restart(ctx context.Context) error {
	if err := n.Stop(ctx); err != nil {
		return err
	}
	return n.Start(ctx)
}

// Pause stops the process where it stands, until Resume.
func (n *Node) Pause() error { return n.current().Signal(signalPause) }

// Resume lets a paused process go on.
func (n *Node) Resume() error { return n.current().Signal(signalContinue) }

// Pid is the process's id; 0 if it was never started.
func (n *Node) Pid() int {
	if p := n.current(); p != nil {
		return p.Pid()
	}
	return 0
}

func (n *Node) current() *process.Process {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.process
}

func (n *Node) expectEnd() *process.Process {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ending = n.process
	return n.process
}

const lastWords = 1500

// words are the last that the process said.
func (n *Node) words() string {
	text, err := os.ReadFile(n.log)
	if err != nil {
		return ""
	}
	text = bytes.TrimSpace(text[max(0, len(text)-lastWords):])
	return fmt.Sprintf("\n%s ends with:\n%s", n.log, text)
}

var errClean = errors.New("exit code 0")

func orClean(err error) error {
	if err == nil {
		return errClean
	}
	return err
}

func logFile(dir, name string) string { return filepath.Join(dir, "logs", name+".log") }
