package gateway

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// groupLimit bounds a commit: its memory and how long those who wait for the next one wait.
	groupLimit = 512

	commitTimeout = 30 * time.Second
)

var errInterrupted = errors.New("commit was interrupted, its outcome is unknown")

// group lets concurrent callers share commits: while one commit runs, the operations that arrive gather for
// the next. The first of them leads and commits for all; there is no goroutine behind it.
type group[T any] struct {
	commit func(ctx context.Context, ops []T) error
	// turn has room for one: whoever put its token there may commit.
	turn chan struct{}

	mu sync.Mutex
	// next is the batch that gathers operations, nil if there is none; guarded by mu.
	next *batch[T]
}

// batch is committed as one. err may be read after done is closed.
type batch[T any] struct {
	ops  []T
	done chan struct{}
	err  error
}

func newGroup[T any](commit func(context.Context, []T) error) *group[T] {
	return &group[T]{commit: commit, turn: make(chan struct{}, 1)}
}

// do returns when op is committed. If it returns an error, op may or may not be committed and, because the
// commit may still be running, must not be read.
func (g *group[T]) do(ctx context.Context, op T) error {
	b, leads := g.join(op)
	if leads {
		g.lead(ctx, b)
		return b.err
	}
	select {
	case <-b.done:
		return b.err
	case <-ctx.Done():
		return fmt.Errorf("gave up before the commit ended: %w", ctx.Err())
	}
}

func (g *group[T]) join(op T) (b *batch[T], leads bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	leads = g.next == nil
	if leads {
		g.next = &batch[T]{done: make(chan struct{})}
	}
	b = g.next
	b.ops = append(b.ops, op)
	if len(b.ops) == groupLimit {
		g.next = nil
	}
	return b, leads
}

// lead commits b whether or not the leader's own caller still waits, because the others rely on it.
func (g *group[T]) lead(ctx context.Context, b *batch[T]) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()

	g.turn <- struct{}{}
	defer func() { <-g.turn }()
	g.seal(b)

	b.err = errInterrupted
	defer close(b.done)
	b.err = g.commit(ctx, b.ops)
}

// seal keeps latecomers out of b: they gather for the commit after it.
func (g *group[T]) seal(b *batch[T]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.next == b {
		g.next = nil
	}
}
