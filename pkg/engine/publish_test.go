package engine_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"orderly/pkg/engine"
	"orderly/pkg/event"
)

// cut is a JetStream whose publishes the test decides about.
type cut struct {
	jetstream.JetStream
	publish func(ctx context.Context, m *nats.Msg, next func() error) error
}

func (c *cut) PublishMsg(ctx context.Context, m *nats.Msg, opts ...jetstream.PublishOpt) (ack *jetstream.PubAck, err error) {
	err = c.publish(ctx, m, func() (err error) {
		ack, err = c.JetStream.PublishMsg(ctx, m, opts...)
		return err
	})
	return ack, err
}

// failing is a JetStream on which nothing can be published below prefix, and how
// often that was tried.
func (r *rig) failing(prefix string, broken *atomic.Bool) (*cut, *atomic.Int64) {
	var tried atomic.Int64
	return &cut{r.js, func(_ context.Context, m *nats.Msg, next func() error) error {
		if broken.Load() && strings.HasPrefix(m.Subject, prefix) {
			tried.Add(1)
			return errors.New("no leader")
		}
		return next()
	}}, &tried
}

// G5: an event is acknowledged only after its outputs are stored. They are
// committed, so that they are sent as they are for as long as it takes: a decider
// may have nothing to say the second time.
func TestEngine_outputs_that_cannot_be_published(t *testing.T) {
	t.Parallel()
	for name, note := range map[string]string{"of an event": "", "of the outcome of a call": "call"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, onSQLite(t))
			r.bank.approve = func(context.Context, deposit) error { return nil }
			var broken atomic.Bool
			broken.Store(true)
			js, tried := r.failing("balances.", &broken)
			core, logs := observer.New(zap.ErrorLevel)
			r.publish(one(1, note))
			r.start(func(c *engine.Config) { c.JetStream, c.Logger = js, zap.New(core) })
			r.await("it was tried for so long that it is an error", func() bool { return logs.Len() > 0 && tried.Load() > 7 })
			if n := r.consumer().NumAckPending; n != 1 {
				t.Errorf("%d messages are unanswered, want 1", n)
			}
			broken.Store(false)
			r.drained()
			r.wantBalance(1)
			r.wantAnswered(one(1, ""))
			if n, want := r.bank.decisions(depositID(1)), 1+len(note)/4; n != want {
				t.Errorf("decided %d times, want %d", n, want)
			}
			if n := r.redelivered(); n != 0 {
				t.Errorf("%d messages were delivered again", n)
			}
		})
	}
}

// A broker that is away holds up no command before too many events wait for it;
// then the loop stands, and nobody who waits for it waits longer than he wants to.
func TestEngine_back_pressure_of_the_broker(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	var broken atomic.Bool
	broken.Store(true)
	js, tried := r.failing("balances.", &broken)
	e := r.start(func(c *engine.Config) { c.JetStream, c.MaxUnsent = js, 4 })
	for n := range 5 { // four wait for their PubAcks, the fifth for a place among them
		if _, err := e.Do(t.Context(), one(n, ""), engine.Meta{}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := e.Do(ctx, one(5, ""), engine.Meta{}); !errors.Is(err, engine.ErrBusy) {
		t.Errorf("a command behind them got %v, want ErrBusy", err)
	}
	if d := e.Stalled(); d != 0 {
		t.Errorf("stalled for %v, although it is the broker that is away", d)
	}
	if tried.Load() < 4 {
		t.Error("fewer than four batches are on their way")
	}
	broken.Store(false)
	r.await("all is published", func() bool { return e.InHand() == 0 })
	r.wantBalance(6)
	r.wantAnswered(ones(0, 6)...)
}

// A stream that has vanished is made again, and gets what was meant for it.
func TestEngine_stream_of_the_outputs_vanishes(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	if err := r.js.DeleteStream(t.Context(), "balances"); err != nil {
		t.Fatal(err)
	}
	var restored atomic.Int64
	r.publishPack(ones(1, 4)...)
	r.start(func(c *engine.Config) {
		c.Restore = func(ctx context.Context) error {
			if restored.Add(1) == 1 {
				panic("out of cheese")
			}
			_, err := r.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: "balances", Subjects: []string{"balances.>"}})
			return err
		}
	})
	r.drained()
	r.wantBalance(3)
	r.wantAnswered(ones(1, 4)...)
	if n := r.bank.decisions(depositID(1)); n != 1 {
		t.Errorf("decided %d times, want 1", n)
	}
}

// Dead letters that cannot be published hold up nobody but their originals: not
// the loop, and not the neighbours in their batch.
func TestEngine_dead_letters_that_cannot_be_published(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	r.bank.faults()
	var broken atomic.Bool
	broken.Store(true)
	js, tried := r.failing("dlq.", &broken)
	hold := newGate()
	r.bank.onLoad = func([]*engine.Input) error { hold.pass(); return nil }
	const bad = 20
	for n := range bad {
		r.publish(one(100+n, "never"), one(n, ""))
	}
	e := r.start(func(c *engine.Config) { c.JetStream, c.MaxInputs = js, 4 })
	r.await("all is in hand", func() bool { return e.InHand() == 2*bad })
	hold.open()
	r.await("the good ones are acknowledged", func() bool { return r.consumer().NumAckPending == bad })
	if tried.Load() == 0 || e.InHand() != bad {
		t.Errorf("%d attempts to publish, %d in hand, want some and %d", tried.Load(), e.InHand(), bad)
	}
	broken.Store(false)
	r.drained()
	r.wantBalance(bad)
	want := map[string]death{}
	for n := range bad {
		want[r.made(one(100+n, "")).ID] = death{"refused", 1}
		if got := r.bank.decisions(depositID(100 + n)); got != 1 {
			t.Errorf("decided %d times, want 1", got)
		}
	}
	r.wantDeaths(want)
	r.wantLetters(want)
}

// A publish outlives a time without answers.
func TestEngine_publish_is_tried_again(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	var times atomic.Int64
	js := &cut{r.js, func(_ context.Context, _ *nats.Msg, next func() error) error {
		if times.Add(1) <= 3 {
			return errors.New("no leader")
		}
		return next()
	}}
	r.publish(one(1, ""))
	r.start(func(c *engine.Config) { c.JetStream = js })
	r.drained()
	r.wantAnswered(one(1, ""))
	if n := r.bank.decisions(depositID(1)); n != 1 {
		t.Errorf("decided %d times, want 1", n)
	}
}

// G5: what cannot be published fails before anything is saved.
func TestEngine_outputs_are_checked_before_the_commit(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		r.bank.answer = func(d deposit, b *balance) {
			switch d.Note {
			case "invalid":
				b.Deposit = ""
			case "large":
				b.Pad = strings.Repeat("x", event.MaxMessage)
			}
		}
		r.publishPack(one(1, ""), one(2, "invalid"), one(3, "large"), one(4, ""))
		e := r.start(nil)
		r.drained()
		r.wantBalance(2)
		r.wantDeaths(map[string]death{r.made(one(2, "")).ID: {"refused", 1}, r.made(one(3, "")).ID: {"refused", 1}})
		if n := r.number("SELECT count(*) FROM deposits"); n != 2 {
			t.Errorf("%d deposits were saved, want 2", n)
		}
		if _, err := e.Do(t.Context(), one(5, "invalid"), engine.Meta{}); !errors.Is(err, event.ErrInvalid) {
			t.Errorf("a command got %v, want ErrInvalid", err)
		}
	})
}

// G1, G5: a process that ends between commit and publish owes the answer; the
// next one gives it, and the effect stays one.
func TestEngine_crash_between_commit_and_publish(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		dead := &cut{r.js, func(ctx context.Context, _ *nats.Msg, _ func() error) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		r.publishPack(ones(1, 4)...)
		r.publish(one(4, ""))
		crashing := r.start(func(c *engine.Config) { c.JetStream = dead })
		r.await("all is committed", func() bool { return r.number("SELECT count(*) FROM deposits") == 4 })
		now, cancel := context.WithCancel(t.Context())
		cancel()
		if err := crashing.Stop(now); err == nil {
			t.Error("Stop does not say that inputs were left")
		}
		if n := len(r.answers()); n != 0 {
			t.Fatalf("%d answers were published by a process that cannot", n)
		}
		r.start(nil)
		r.drained()
		r.wantBalance(4)
		r.wantAnswered(ones(1, 5)...)
		r.wantDeaths(map[string]death{})
	})
}
