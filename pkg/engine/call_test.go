package engine_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"orderly/pkg/engine"
)

// A call is made after its intent is committed, and what it is about is not
// acknowledged before its outcome's outputs are stored.
func TestEngine_call_comes_after_the_intent(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		hold := newGate()
		r.bank.approve = func(_ context.Context, d deposit) error {
			if n := r.number("SELECT count(*) FROM deposits WHERE id = $1 AND NOT done", d.ID); n != 1 {
				t.Error("called before the intent was committed")
			}
			hold.pass()
			return nil
		}
		r.publish(one(1, "call"))
		r.start(nil)
		<-hold.reached
		if info := r.consumer(); info.NumAckPending != 1 {
			t.Error("acknowledged before the call had an outcome")
		}
		hold.open()
		r.drained()
		r.wantBalance(1)
		r.wantAnswered(one(1, ""))
	})
}

// An unknown outcome, and a panic is one, is asked for until it is known.
func TestEngine_call_with_unknown_outcome(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	var times atomic.Int64
	r.bank.approve = func(context.Context, deposit) error {
		switch n := times.Add(1); {
		case n == 2:
			panic("out of cheese")
		case n < 5:
			return errors.New("no answer")
		}
		return nil
	}
	r.publish(one(1, "call"))
	r.start(nil)
	r.drained()
	r.wantBalance(1)
	r.wantDeaths(map[string]death{})
	if n := times.Load(); n != 5 {
		t.Errorf("called %d times, want 5", n)
	}
}

// A call that hangs holds up nobody, and one that is under way is joined by all
// who want the same.
func TestEngine_call_that_is_slow(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	hold := newGate()
	var slow atomic.Int64
	r.bank.approve = func(_ context.Context, d deposit) error {
		if d.ID == depositID(1) {
			slow.Add(1)
			hold.pass()
		}
		return nil
	}
	again := r.made(one(1, "call"))
	again.ID = depositID(99) // another event that wants the same
	r.publish(one(1, "call"))
	r.publish(one(2, "call"), one(3, ""))
	e := r.start(nil)
	r.await("the others are done", func() bool {
		return r.number("SELECT count(*) FROM deposits WHERE done") == 2
	})
	r.publish(one(1, "call"))
	r.publishPack(one(1, "call"), one(4, ""))
	r.sendRaw(alone(t, r, again))
	r.await("the others have joined", func() bool { return e.Waiting(depositID(1)) == 4 })
	hold.open()
	r.drained()
	r.wantBalance(4)
	r.wantAnswered(ones(1, 5)...)
	if n := slow.Load(); n != 1 {
		t.Errorf("called %d times, want once for all", n)
	}
}

// Once known, an outcome is kept, whatever its transaction comes to.
func TestEngine_outcome_is_kept(t *testing.T) {
	t.Parallel()
	onEachFaulty(t, func(t *testing.T, r *rig, f *faulty) {
		var calls, losses, refusals atomic.Int64
		lose := func(tx driver.Tx) error {
			if losses.Add(1) > 2 {
				return tx.Commit()
			}
			return errors.Join(io.ErrUnexpectedEOF, tx.Rollback())
		}
		r.bank.approve = func(context.Context, deposit) error {
			calls.Add(1)
			f.commit.Store(&lose)
			return nil
		}
		r.bank.decide = func(_ context.Context, in *engine.Input, d deposit) error {
			if _, outcome := in.Body.(approval); outcome && refusals.Add(1) == 4 {
				return nil
			} else if outcome {
				return errors.New("no luck yet")
			}
			return nil
		}
		r.publish(one(1, "call"))
		r.start(nil)
		r.drained()
		r.wantBalance(1)
		r.wantDeaths(map[string]death{})
		if n := calls.Load(); n != 1 {
			t.Errorf("called %d times, want 1", n)
		}
		if losses.Load() < 3 || refusals.Load() != 4 {
			t.Errorf("%d commits and %d refusals: the outcome had it too easy", losses.Load(), refusals.Load())
		}
	})
}

// A definite refusal is a dead letter of each event that asked for the call.
func TestEngine_call_is_refused(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	hold := newGate()
	r.bank.approve = func(context.Context, deposit) error {
		hold.pass()
		return engine.Never(errors.New("no such card"))
	}
	again := r.made(one(1, "call"))
	again.ID = depositID(99)
	r.publish(one(1, "call"))
	r.sendRaw(alone(t, r, again))
	e := r.start(nil)
	r.await("both wait", func() bool { return e.Waiting(depositID(1)) == 2 })
	hold.open()
	r.drained()
	want := map[string]death{r.made(one(1, "")).ID: {"refused", 1}, again.ID: {"refused", 1}}
	r.wantDeaths(want)
	r.wantLetters(want)
	if letter := r.stored("dlq")[0]; letter.Header.Get("dlq-error") == "" {
		t.Error("the dead letter has no cause")
	}
}

// MaxCalls bounds what the outside world gets at a time.
func TestEngine_calls_are_bounded(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	var mu sync.Mutex
	now, most := 0, 0
	count := func(n int) {
		mu.Lock()
		defer mu.Unlock()
		now += n
		most = max(most, now)
	}
	full := newGate()
	r.bank.approve = func(context.Context, deposit) error {
		count(1)
		defer count(-1)
		full.pass()
		return nil
	}
	var ds []deposit
	for n := range 20 {
		ds = append(ds, one(n, "call"))
	}
	r.publishPack(ds...)
	r.start(func(c *engine.Config) { c.MaxCalls = 3 })
	r.await("three are under way", func() bool { mu.Lock(); defer mu.Unlock(); return now == 3 })
	full.open()
	r.drained()
	r.wantBalance(20)
	if most != 3 {
		t.Errorf("%d calls at a time, want 3", most)
	}
}

// A command may ask for a call too: it is answered after its intent.
func TestEngine_call_of_a_command(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	hold := newGate()
	r.bank.approve = func(context.Context, deposit) error { hold.pass(); return nil }
	e := r.start(nil)
	if _, err := e.Do(t.Context(), one(1, "call"), engine.Meta{}); err != nil {
		t.Fatal(err)
	}
	r.wantBalance(0)
	hold.open()
	r.await("the outcome is decided", func() bool { return e.InHand() == 0 })
	r.wantBalance(1)
	r.wantAnswered(one(1, ""))
}

// Stop waits for calls as long as it may, and no longer.
func TestEngine_Stop_with_a_hanging_call(t *testing.T) {
	t.Parallel()
	for name, deaf := range map[string]bool{"that notices": false, "that does not notice": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, onSQLite(t))
			hold := newGate()
			defer hold.open()
			r.bank.approve = func(ctx context.Context, _ deposit) error {
				if deaf {
					hold.pass()
					return nil
				}
				hold.first.Do(func() { close(hold.reached) })
				<-ctx.Done()
				return ctx.Err()
			}
			r.publish(one(1, "call"), one(2, ""))
			e := r.start(func(c *engine.Config) { c.StopTimeout = 50 * time.Millisecond })
			<-hold.reached
			began := time.Now()
			if err := e.Stop(t.Context()); err == nil {
				t.Error("Stop does not say that a call was left")
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("Stop took %v", took)
			}
			hold.open()
			r.bank.approve = func(context.Context, deposit) error { return nil }
			r.start(nil)
			r.drained()
			r.wantBalance(2)
		})
	}
}
