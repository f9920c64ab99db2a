package cluster

import (
	"context"
	"os/exec"
	"path/filepath"
	"syscall"
)

// NewLink makes a link outside a cluster.
func NewLink(target string) (*Link, error) { return newLink(target) }

// StartFront opens a front door before replicas that others run.
func StartFront(replicas ...*Replica) (*Front, error) {
	f, err := newFront("127.0.0.1:0", replicas)
	if err != nil {
		return nil, err
	}
	return f, f.start()
}

// Close closes the door.
func (f *Front) Close(ctx context.Context) error { return f.close(ctx) }

// NewNode makes a node outside a cluster that runs a command of the shell.
func NewNode(dir, script string, failed chan<- Failure, ready func(context.Context) error) *Node {
	return &Node{
		Name:    "node",
		log:     filepath.Join(dir, "node.log"),
		command: func() (*exec.Cmd, error) { return exec.Command("sh", "-c", script), nil },
		ready:   ready,
		quit:    syscall.SIGTERM,
		onDeath: syscall.SIGKILL,
		failed:  failed,
	}
}
