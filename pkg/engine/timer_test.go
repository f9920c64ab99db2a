package engine_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"orderly/pkg/engine"
)

// What is due is decided, and Due is not asked again before all of it was.
func TestEngine_timer(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	var asked atomic.Int64
	due := func(ctx context.Context) ([]any, error) {
		n := int(asked.Add(1))
		if done := r.number("SELECT count(*) FROM deposits"); done != 3*min(n-1, 3) {
			t.Errorf("asked for the %d. time with %d decided", n, done)
		}
		switch {
		case n > 5:
			return nil, nil
		case n == 5:
			panic("out of cheese")
		case n == 4:
			return nil, errors.New("no luck")
		}
		return []any{one(3*n, ""), one(3*n+1, ""), one(3*n+2, "")}, nil
	}
	e := r.start(func(c *engine.Config) { c.Timers = []engine.Timer{{Every: time.Millisecond, Due: due}} })
	r.await("it was asked often", func() bool { return asked.Load() > 8 })
	r.stop(e)
	r.wantBalance(9)
	r.wantAnswered(ones(3, 12)...)
	before := asked.Load()
	if e.Start() == nil {
		t.Error("started after Stop")
	}
	if asked.Load() != before {
		t.Error("asked after Stop")
	}
}

// What is due is decided although no more could be found out.
func TestEngine_timer_that_knows_only_some(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	due := func(context.Context) ([]any, error) { return []any{one(1, "")}, errors.New("the rest is unknown") }
	e := r.start(func(c *engine.Config) { c.Timers = []engine.Timer{{Every: time.Millisecond, Due: due}} })
	r.await("it is decided", func() bool { return r.number("SELECT count(*) FROM deposits") == 1 })
	r.stop(e)
}

// A timer that does not return is told of, like a transaction.
func TestTimer_that_hangs_is_seen(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	hang := newGate()
	t.Cleanup(hang.open)
	e := r.start(func(c *engine.Config) {
		c.Timers = []engine.Timer{{Every: time.Hour, Due: func(context.Context) ([]any, error) {
			hang.pass()
			return nil, nil
		}}}
	})
	<-hang.reached
	if e.Stalled() <= 0 {
		t.Error("the timer hangs, and Stalled does not say so")
	}
	hang.open()
	r.await("it waits", func() bool { return e.Stalled() == 0 })
}
