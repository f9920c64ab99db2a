package engine

import (
	"context"
	"sync"
)

// gauge counts inputs in hand and can be waited on until there are none.
type gauge struct {
	mu   sync.Mutex // guards what follows
	n    int
	zero chan struct{} // closed while n is 0
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

// wait returns how many are left when none is or ctx ends.
func (g *gauge) wait(ctx context.Context) int {
	g.mu.Lock()
	zero := g.zero
	g.mu.Unlock()
	select {
	case <-zero:
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.n
}

func (g *gauge) committed(any, error) {}
func (g *gauge) settled(error)        { g.add(-1) }
