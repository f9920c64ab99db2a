// Package child runs programs that end with this one, however it ends.
package child

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// Child is a program that was started and may have ended.
type Child struct {
	cmd   *exec.Cmd
	ended chan struct{}
	err   error // how it ended; set before ended is closed
}

// Start starts a program. It gets a process group of its own, so that a Ctrl-C
// at the terminal reaches this process alone, and SIGKILL once this process is
// gone. What cmd has in SysProcAttr besides is kept.
func Start(cmd *exec.Cmd) (*Child, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid, cmd.SysProcAttr.Pdeathsig = true, syscall.SIGKILL
	c := &Child{cmd: cmd, ended: make(chan struct{})}
	started := make(chan error)
	// The signal comes when the thread that started the program ends: it is
	// kept until the program has ended.
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			c.err = cmd.Wait()
			close(c.ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return c, nil
}

// PID is the process's id.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Ended is closed when the process has ended.
func (c *Child) Ended() <-chan struct{} { return c.ended }

var errUnasked = errors.New("nobody asked it to")

// Err says that the process has ended though nobody asked it to. It must not
// be called before Ended is closed.
func (c *Child) Err() error {
	return fmt.Errorf("%s has ended: %w", filepath.Base(c.cmd.Path), errors.Join(c.err, errUnasked))
}

// grace is longer than any of the programs takes to finish what it has in hand.
const grace = 40 * time.Second

// Stop sends the signal, waits for the end, and kills what does not end.
func (c *Child) Stop(s os.Signal) {
	c.Signal(s)
	c.Await()
}

// Signal sends a signal, if there is still somebody to get it.
func (c *Child) Signal(s os.Signal) { _ = c.cmd.Process.Signal(s) }

// Await waits for the end after a signal, and kills what does not end.
func (c *Child) Await() {
	select {
	case <-c.ended:
	case <-time.After(grace):
		fmt.Fprintln(os.Stderr, filepath.Base(c.cmd.Path), "did not stop and is killed")
		_ = c.cmd.Process.Kill()
		<-c.ended
	}
}
