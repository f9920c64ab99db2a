package cluster_test

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"time"

	"orderly/internal/cluster"
)

func always(context.Context) error { return nil }

func never(context.Context) error { return errors.New("not yet") }

func TestNode_says_why_it_does_not_start(t *testing.T) {
	t.Parallel()
	n := cluster.NewNode(t.TempDir(), "echo the disk is on fire; exit 3", nil, never)
	err := n.Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "the disk is on fire") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	n = cluster.NewNode(t.TempDir(), "exec sleep 60", nil, never)
	if err := n.Start(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "not yet") {
		t.Errorf("got %v", err)
	}
	n.Kill()
}

// Only an end that nobody asked for is a failure.
func TestNode_tells_of_an_end_that_nobody_asked_for(t *testing.T) {
	t.Parallel()
	failed := make(chan cluster.Failure, 1)
	n := cluster.NewNode(t.TempDir(), "exec sleep 60", failed, always)
	for _, end := range []func(){n.Kill, func() {
		if err := n.Stop(t.Context()); err == nil || !strings.Contains(err.Error(), "terminated") {
			t.Errorf("a stop that was not clean: %v", err)
		}
	}} {
		if err := n.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		end()
	}
	if err := n.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(n.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case f := <-failed:
		if f.Node != n || !strings.Contains(f.Error(), "killed") {
			t.Errorf("got %v", f)
		}
	case <-time.After(10 * time.Second):
		t.Error("nobody was told")
	}
	select {
	case f := <-failed:
		t.Errorf("an end that was asked for is told as %v", f)
	default:
	}
}

// A process that is paused ends all the same when it is asked to.
func TestNode_stops_paused(t *testing.T) {
	t.Parallel()
	n := cluster.NewNode(t.TempDir(), "exec sleep 60", nil, always)
	if err := n.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := n.Pause(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := n.Stop(ctx); err == nil || !strings.Contains(err.Error(), "terminated") {
		t.Errorf("it ended with %v, want the signal that sleep dies of", err)
	}
}

func TestStart_says_which_program_is_missing(t *testing.T) {
	t.Parallel()
	_, err := cluster.Start(t.Context(), cluster.Config{Programs: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), "nats-server is not in") || !strings.Contains(err.Error(), "make cluster") {
		t.Errorf("got %v", err)
	}
}
