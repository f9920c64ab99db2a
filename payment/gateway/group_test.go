package gateway

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
)

// gate is a commit that reports each batch and then waits until it is let through.
type gate struct {
	batches chan []int
	open    chan error
}

func newGate() (*gate, *group[int]) {
	g := &gate{batches: make(chan []int), open: make(chan error)}
	return g, newGroup(func(ctx context.Context, ops []int) error {
		g.batches <- ops
		return errors.Join(<-g.open, ctx.Err())
	})
}

// callers starts n calls of do and returns when all of them wait.
func callers(ctx context.Context, g *group[int], n int, failed chan<- error) {
	for i := range n {
		go func() { failed <- g.do(ctx, i) }()
	}
	synctest.Wait()
}

func TestGroup_SharesTheNextCommit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		commit, g := newGate()
		first, later := make(chan error), make(chan error)
		callers(t.Context(), g, 1, first)
		if ops := <-commit.batches; len(ops) != 1 {
			t.Fatalf("first commit has %d operations, want 1", len(ops))
		}
		callers(t.Context(), g, groupLimit+10, later)

		commit.open <- nil
		if err := <-first; err != nil {
			t.Errorf("first caller: %v", err)
		}
		failure := errors.New("disk full")
		sizes := map[int]error{groupLimit: nil, 10: failure}
		for range 2 {
			size := len(<-commit.batches)
			outcome, expected := sizes[size]
			if !expected {
				t.Fatalf("commit has %d operations, want %d or 10", size, groupLimit)
			}
			delete(sizes, size)
			commit.open <- outcome
			for range size {
				if err := <-later; !errors.Is(err, outcome) {
					t.Errorf("caller got %v, want the outcome of its commit: %v", err, outcome)
				}
			}
		}
	})
}

func TestGroup_FollowerGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		commit, g := newGate()
		first, leader, follower := make(chan error), make(chan error), make(chan error)
		ctx, cancel := context.WithCancel(t.Context())
		callers(t.Context(), g, 1, first)
		<-commit.batches
		callers(ctx, g, 1, leader)
		callers(ctx, g, 1, follower)

		cancel()
		if err := <-follower; !errors.Is(err, context.Canceled) {
			t.Errorf("follower got %v, want the context's error", err)
		}
		commit.open <- nil
		<-first
		if ops := <-commit.batches; len(ops) != 2 {
			t.Errorf("commit has %d operations, want also that of the caller who left", len(ops))
		}
		commit.open <- nil
		if err := <-leader; err != nil {
			t.Errorf("leader got %v, want the outcome of the commit it made for others", err)
		}
	})
}

func TestGroup_OutlivesAPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		panics, release := true, make(chan struct{})
		g := newGroup(func(context.Context, []int) error {
			<-release
			if panics {
				panic("bad commit")
			}
			return nil
		})
		g.turn <- struct{}{} // hold the commit back until both callers are in
		var calls sync.WaitGroup
		outcomes := make(chan error, 2)
		for range 2 {
			calls.Go(func() {
				defer func() {
					if p := recover(); p != nil {
						outcomes <- errInterrupted
					}
				}()
				outcomes <- g.do(t.Context(), 1)
			})
		}
		synctest.Wait()
		<-g.turn
		close(release)
		calls.Wait()
		for range 2 {
			if err := <-outcomes; !errors.Is(err, errInterrupted) {
				t.Errorf("caller got %v, want that the outcome is unknown", err)
			}
		}
		panics = false
		if err := g.do(t.Context(), 1); err != nil {
			t.Errorf("commit after the panic: %v", err)
		}
	})
}
