package engine

import (
	"context"
	"errors"
	"sync"
)

// gauge counts inputs in hand and can be waited on until there are none.
type gauge struct {
	mu     sync.Mutex // guards what follows
	n      int
	missed int           // settled without being handled, for want of time
	zero   chan struct{} // closed while n is 0
}

func newGauge() *gauge {
	g := &gauge{zero: make(chan struct{})}
	close(g.zero)
	return g
}

func (g *gauge) add(delta int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	before := g.n
	g.n += delta
	switch {
	case before == 0 && g.n > 0:
		g.zero = make(chan struct{})
	case before > 0 && g.n == 0:
		close(g.zero)
	}
}

// wait returns when none is in hand or ctx ends.
func (g *gauge) wait(ctx context.Context) {
	g.mu.Lock()
	zero := g.zero
	g.mu.Unlock()
	select {
	case <-zero:
	case <-ctx.Done():
	}
}

func (g *gauge) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.n
}

func (g *gauge) missedSoFar() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.missed
}

// unfinished returns how many were not handled or still are in hand.
func (g *gauge) unfinished() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.missed + g.n
}

func (g *gauge) committed(any, error) {}

func (g *gauge) settled(err error) {
	if err != nil && !errors.Is(err, errDead) && !errors.Is(err, errWaiting) {
		g.mu.Lock()
		g.missed++
		g.mu.Unlock()
	}
	g.add(-1)
}
