package engine_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"orderly/pkg/engine"
)

// Concurrent commands share commits, and each is answered after its own.
func TestEngine_Do_group_commit(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		const callers, each = 50, 10
		e := r.start(nil)
		var wg sync.WaitGroup
		for c := range callers {
			wg.Go(func() {
				for k := range each {
					d := one(c*each+k, "")
					got, err := e.Do(t.Context(), d, engine.Meta{CorrelationID: "story"})
					if err != nil {
						t.Error(err)
						return
					}
					if b, ok := got.(balance); !ok || b.Deposit != d.ID {
						t.Errorf("reply is %v", got)
					}
					if n := r.number("SELECT count(*) FROM deposits WHERE id = $1", d.ID); n != 1 {
						t.Error("answered before it was committed")
					}
				}
			})
		}
		wg.Wait()
		r.wantBalance(callers * each)
		if n := len(r.observed()); n > callers*each/3 {
			t.Errorf("%d commits for %d commands", n, callers*each)
		}
		r.stop(e) // what it published is there now
		r.wantAnswered(ones(0, callers*each)...)
		if got := r.answers()[depositID(0)][0]; got.CorrelationID != "story" || got.CausationID != "" {
			t.Errorf("output of a command: %+v", got)
		}
	})
}

var errRefused = errors.New("refused by the bank")

func TestEngine_Do_returns_the_refusal_as_it_is(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	r.bank.decide = func(context.Context, *engine.Input, deposit) error { return errRefused }
	e := r.start(nil)
	if got, err := e.Do(t.Context(), one(1, ""), engine.Meta{}); got != nil || err != errRefused { //nolint:errorlint // as it is
		t.Errorf("Do returned %v, %v", got, err)
	}
	r.bank.decide = nil
	r.bank.midway = func(deposit) { panic("out of cheese") }
	var panicked *engine.PanicError
	if _, err := e.Do(t.Context(), one(1, ""), engine.Meta{}); !errors.As(err, &panicked) || len(panicked.Stack) == 0 {
		t.Errorf("Do returned %v, want the panic with its stack", err)
	}
	r.bank.midway = nil
	if _, err := e.Do(t.Context(), one(1, ""), engine.Meta{}); err != nil {
		t.Errorf("the engine does not go on: %v", err)
	}
	r.wantBalance(1)
	r.wantDeaths(map[string]death{})
}

// A caller that goes away takes nobody with it.
func TestEngine_Do_caller_goes_away(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	hold := newGate()
	r.bank.onLoad = func([]*engine.Input) error { hold.pass(); return nil }
	e := r.start(nil)
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		_, err := e.Do(ctx, one(1, ""), engine.Meta{})
		gone <- err
	}()
	<-hold.reached
	leave()
	if err := <-gone; !errors.Is(err, engine.ErrBusy) || !errors.Is(err, context.Canceled) {
		t.Errorf("the caller got %v, want ErrBusy", err)
	}
	hold.open()
	if _, err := e.Do(t.Context(), one(2, ""), engine.Meta{}); err != nil {
		t.Error(err)
	}
	r.wantBalance(2)
}

func TestEngine_Do_before_start_and_after_stop(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	e := r.make(nil)
	early := make(chan error, 1)
	go func() {
		_, err := e.Do(t.Context(), one(1, ""), engine.Meta{})
		early <- err
	}()
	r.await("the command waits", func() bool { return e.InHand() == 1 })
	if err := e.Start(); err != nil {
		t.Fatal(err)
	}
	if err := <-early; err != nil {
		t.Errorf("a command from before Start got %v", err)
	}
	r.stop(e)
	if _, err := e.Do(t.Context(), one(2, ""), engine.Meta{}); !errors.Is(err, engine.ErrStopped) {
		t.Errorf("after Stop Do returned %v, want ErrStopped", err)
	}
	r.wantBalance(1)
}

// A full queue makes commands wait, and those that cannot wait are told so.
func TestEngine_Do_back_pressure(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	hold := newGate()
	r.bank.onLoad = func([]*engine.Input) error { hold.pass(); return nil }
	e := r.start(nil)
	const callers, room = 2500, 1024 + 256 // the queue and the batch that is held up
	ctx, leave := context.WithCancel(t.Context())
	var busy atomic.Int64
	var wg sync.WaitGroup
	for n := range callers {
		wg.Go(func() {
			if _, err := e.Do(ctx, one(n, ""), engine.Meta{}); errors.Is(err, engine.ErrBusy) {
				busy.Add(1)
			}
		})
	}
	r.await("all have asked", func() bool { return e.InHand() == callers })
	if e.Stalled() <= 0 {
		t.Error("the loop hangs, and Stalled does not say so")
	}
	leave()
	wg.Wait()
	if busy.Load() != callers {
		t.Errorf("%d callers of %d were told that the service is busy", busy.Load(), callers)
	}
	if n := e.InHand(); n > room {
		t.Errorf("%d commands are in hand, want at most %d", n, room)
	}
	hold.open()
	r.await("the rest is decided", func() bool { return e.InHand() == 0 })
	if n := r.number("SELECT count(*) FROM deposits"); n > room {
		t.Errorf("%d commands were decided, want at most %d", n, room)
	}
	r.await("the loop is idle", func() bool { return e.Stalled() == time.Duration(0) })
}
