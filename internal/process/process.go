package process

import (
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// Process is a program that was started and may have ended.
type Process struct {
	process *os.Process
	exited  chan struct{}
	err     error // how it ended; set before exited is closed
}

// Start starts a program. It gets a process group of its own, so that a Ctrl-C
// at the terminal reaches this process alone, and the signal given once this
// process dies. What cmd has in SysProcAttr besides is kept.
func Start(cmd *exec.Cmd, onDeath syscall.Signal) (*Process, error) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	tie(cmd.SysProcAttr, onDeath)
	p := &Process{exited: make(chan struct{})}
	started := make(chan error)
	// The program gets its signal when the thread that started it ends, and not
	// when the process does: the thread is kept until the program has ended.
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		p.process = cmd.Process
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.exited)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// Pid is the process's id.
func (p *Process) Pid() int { return p.process.Pid }

// Exited is closed when the process has ended.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Err is how the process ended; nil means with exit code 0. It must not be
// asked before Exited is closed.
func (p *Process) Err() error { return p.err }

// Signal sends a signal. A process that has ended is os.ErrProcessDone.
func (p *Process) Signal(s os.Signal) error { return p.process.Signal(s) }

// Kill ends the process at once and waits until it is gone.
func (p *Process) Kill() {
	_ = p.process.Kill() // it may have ended by itself
	<-p.exited
}
