package engine_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"orderly/pkg/engine"
)

// What a health check asks: has the broker taken what was committed?
func TestEngine_Mute(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	if err := r.js.DeleteStream(t.Context(), "balances"); err != nil {
		t.Fatal(err)
	}
	e := r.start(nil)
	if d := e.Mute(); d != 0 {
		t.Errorf("mute for %s before anything was published", d)
	}
	r.publish(one(1, "a"))
	r.await("the engine is mute", func() bool { return e.Mute() > 0 })
	r.makeStream("balances")
	r.drained()
	if d := e.Mute(); d != 0 {
		t.Errorf("mute for %s after everything was published", d)
	}
}

// G8: a call whose outcome is unknown is not waited for by a stop: its intent is
// committed, and its message comes again.
func TestEngine_Stop_while_a_call_waits_for_its_next_attempt(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	called := make(chan struct{}, 100)
	r.bank.approve = func(context.Context, deposit) error {
		called <- struct{}{}
		return errors.New("no answer")
	}
	e := r.start(func(c *engine.Config) { c.CallPause = time.Minute })
	r.publish(one(1, "call"))
	<-called
	began := time.Now()
	r.stop(e)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("the stop took %s", took)
	}
}
