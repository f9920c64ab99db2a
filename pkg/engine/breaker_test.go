package engine_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"orderly/pkg/breaker"
	"orderly/pkg/engine"
)

// provider is the outside world, which may be away.
type provider struct {
	away  atomic.Bool
	calls atomic.Int64
}

func (p *provider) approve(context.Context, deposit) error {
	p.calls.Add(1)
	if p.away.Load() {
		return errors.New("nobody answers")
	}
	return nil
}

func newBreaker(t testing.TB, pause time.Duration) *breaker.Breaker {
	t.Helper()
	b, err := breaker.New(breaker.Config{Failures: 3, Pause: pause, Probes: 2, Spread: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func behind(b *breaker.Breaker) func(*engine.Config) {
	return func(c *engine.Config) {
		c.Breaker = b
		c.Consumers[0].Calls = true
	}
}

func callsFor(from, to int) []deposit {
	ds := ones(from, to)
	for i := range ds {
		ds[i].Note = "call"
	}
	return ds
}

// While the breaker is open no call is tried and what leads to calls stays in the
// stream; commands go on, and nobody's attempts are used up.
func TestEngine_breaker_that_is_open(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		b, p := newBreaker(t, time.Hour), &provider{}
		p.away.Store(true)
		r.bank.approve = p.approve
		e := r.start(behind(b))
		r.publishPack(callsFor(0, 20)...)
		r.await("the breaker is open", func() bool { return b.Status().State == breaker.Open })
		r.await("all wait for it", func() bool { return b.Status().Waiting == 20 })
		tried := p.calls.Load()
		r.await("the pull from before has ended", func() bool { return r.consumer().NumWaiting == 0 })
		r.publish(callsFor(20, 30)...)
		for n := range 3 {
			if _, err := e.Do(t.Context(), one(100+n, ""), engine.Meta{}); err != nil {
				t.Fatal(err)
			}
		}
		if info := r.consumer(); info.NumPending != 10 || info.NumAckPending != 1 || info.NumWaiting != 0 {
			t.Errorf("%d messages are left in the stream, %d in hand, and %d pulls wait, want 10, the pack, and none", info.NumPending, info.NumAckPending, info.NumWaiting)
		}
		if n := p.calls.Load(); n != tried {
			t.Errorf("%d calls were tried while it was open", n-tried)
		}
		if n := r.number("SELECT count(*) FROM engine_attempts"); n != 0 {
			t.Errorf("%d attempts were counted", n)
		}
		r.wantBalance(3)
		r.stop(e) // leaves those that wait, and says nothing about it
		p.away.Store(false)
		r.start(behind(newBreaker(t, time.Hour)))
		r.drained()
		r.wantBalance(33)
		r.wantDeaths(map[string]death{})
	})
}

// A few calls probe, and with their success all goes on by itself.
func TestEngine_breaker_that_closes(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	b, p := newBreaker(t, 20*time.Millisecond), &provider{}
	p.away.Store(true)
	r.bank.approve = p.approve
	r.start(behind(b))
	r.publishPack(callsFor(0, 50)...)
	r.await("some probes have failed", func() bool { return p.calls.Load() > 60 || b.Status().Failed > 15 })
	r.publish(callsFor(50, 60)...)
	p.away.Store(false)
	r.drained()
	r.wantBalance(60)
	r.wantDeaths(map[string]death{})
	if s := b.Status(); s.State != breaker.Closed || s.Succeeded != 60 || s.Opened == 0 {
		t.Errorf("the breaker is %+v, want it closed after 60 calls", s)
	}
}

// If nobody is left who waits, the intake brings the probe.
func TestEngine_breaker_that_nobody_waits_for(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	b, p := newBreaker(t, 20*time.Millisecond), &provider{}
	r.bank.approve = p.approve
	for range 3 {
		leave, err := b.Enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		leave(errors.New("nobody answers"))
	}
	r.publish(callsFor(0, 5)...)
	r.start(behind(b))
	r.drained()
	r.wantBalance(5)
}

// A call that was asked for again is made as it was asked for last.
func TestEngine_call_that_was_changed_meanwhile(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	b := newBreaker(t, 20*time.Millisecond)
	asked := make(chan string, 100)
	var known atomic.Bool
	r.bank.approve = func(_ context.Context, d deposit) error {
		asked <- d.Account
		if !known.Load() {
			return errors.New("nobody answers")
		}
		return nil
	}
	first, second := one(1, "call"), one(1, "call")
	second.Account = "b"
	again := r.made(second)
	again.ID = depositID(99)
	r.publish(first)
	e := r.start(func(c *engine.Config) { c.Breaker = b })
	<-asked
	r.sendRaw(alone(t, r, again))
	r.await("both wait", func() bool { return e.Waiting(first.ID) == 2 })
	for len(asked) > 0 {
		<-asked
	}
	known.Store(true)
	r.drained()
	for len(asked) > 1 {
		<-asked
	}
	if got := <-asked; got != "b" {
		t.Errorf("the last try was the one for account %s", got)
	}
}

// A try that takes too long is one without an answer.
func TestEngine_CallTimeout(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	var times atomic.Int64
	r.bank.approve = func(ctx context.Context, _ deposit) error {
		if times.Add(1) < 3 {
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}
	r.publish(one(1, "call"))
	r.start(func(c *engine.Config) { c.CallTimeout = 5 * time.Millisecond })
	r.drained()
	r.wantBalance(1)
}
