package engine_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"orderly/pkg/engine"
)

// G8: engines that come and go under load cause no redelivery, and nothing in
// hand is left.
func TestEngine_rolling_restart(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		enough, published := make(chan struct{}), make(chan struct{})
		total := 0
		go func() {
			defer close(published)
			for ; !isClosed(enough); total += 5 {
				r.publish(one(total, ""), one(total+1, ""))
				r.publishPack(ones(total+2, total+5)...)
			}
		}()
		e := r.start(nil)
		for range 3 {
			seen := len(r.observed())
			r.await("it works", func() bool { return len(r.observed()) > seen+5 })
			next := r.start(nil) // the next replica is there before the last one goes
			r.stop(e)
			if n := e.InHand(); n != 0 {
				t.Errorf("%d inputs are left in hand", n)
			}
			e = next
		}
		close(enough)
		<-published
		r.drained()
		r.wantBalance(total)
		if n := r.redelivered(); n != 0 {
			t.Errorf("%d messages were delivered again", n)
		}
		for _, m := range r.answers() {
			if len(m) != 1 {
				t.Errorf("deposit %s was answered %d times", m[0].Subject, len(m))
			}
		}
	})
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestEngine_Stop_twice_and_before_Start(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	idle := r.make(nil)
	waiting := make(chan error, 1)
	go func() {
		_, err := idle.Do(t.Context(), one(1, ""), engine.Meta{})
		waiting <- err
	}()
	r.await("the command waits", func() bool { return idle.InHand() == 1 })
	_ = idle.Stop(t.Context())
	if err := <-waiting; !errors.Is(err, engine.ErrStopped) {
		t.Errorf("a command that waits for Start got %v, want ErrStopped", err)
	}
	if idle.Start() == nil {
		t.Error("started after Stop")
	}

	e := r.start(nil)
	if e.Start() == nil {
		t.Error("started twice")
	}
	r.publish(ones(1, 20)...)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { r.stop(e) })
	}
	wg.Wait()
}

// What waits for its next attempt does not hold up a stop, and comes again.
func TestEngine_Stop_with_waiting_inputs(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	var yes sync.Once
	ready := make(chan struct{})
	r.bank.decide = func(context.Context, *engine.Input, deposit) error {
		yes.Do(func() { close(ready) })
		return engine.NotYet(time.Hour, errors.New("too early"))
	}
	for n := 0; n < 20; n += 4 {
		r.publishPack(ones(n, n+4)...)
	}
	e := r.start(func(c *engine.Config) { c.Consumers[0].MaxInHand = 5 })
	<-ready
	r.await("there is no room left", func() bool { return e.InHand() == 8 })
	r.stop(e)
	r.bank.decide = nil
	r.start(nil)
	r.drained()
	r.wantBalance(20)
	r.wantDeaths(map[string]death{})
}

// Stop in the middle of an outage ends in time and loses nothing.
func TestEngine_Stop_while_the_database_is_away(t *testing.T) {
	t.Parallel()
	db, f := faultySQLite(t)
	r := newRig(t, db)
	var once sync.Once
	reached := make(chan struct{})
	away := func(tx driver.Tx) error {
		once.Do(func() { close(reached) })
		return errors.Join(io.ErrUnexpectedEOF, tx.Rollback())
	}
	f.commit.Store(&away)
	r.publish(ones(1, 11)...)
	e := r.start(func(c *engine.Config) { c.StopTimeout = 50 * time.Millisecond })
	<-reached
	if err := e.Stop(t.Context()); err == nil || !strings.Contains(err.Error(), "unfinished") {
		t.Errorf("Stop returned %v", err)
	}
	f.commit.Store(nil)
	r.start(nil)
	r.drained()
	r.wantBalance(10)
}

func TestNew_refuses(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	for want, change := range map[string]func(*engine.Config){
		"no Name is given":        func(c *engine.Config) { c.Name = "" },
		"one token":               func(c *engine.Config) { c.Name = "my bank" },
		"a DB and a Decider":      func(c *engine.Config) { c.DB = nil },
		"a JetStream is required": func(c *engine.Config) { c.JetStream = nil },
		"a Registry is required":  func(c *engine.Config) { c.Registry = nil },
		"may be negative":         func(c *engine.Config) { c.MaxInputs = -1 },
		"pauses and timeouts":     func(c *engine.Config) { c.RetryPause = -1 },
		"needs Stream and Name":   func(c *engine.Config) { c.Consumers = []engine.Consumer{{Name: "x"}} },
		"a Timer needs":           func(c *engine.Config) { c.Timers = []engine.Timer{{Every: 0}} },
	} {
		cfg := r.config()
		change(&cfg)
		if _, err := engine.New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New returned %v, want an error about %q", err, want)
		}
	}
}
