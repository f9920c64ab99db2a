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

// An event is acknowledged only after its outputs are stored, and trying again
// costs no delivery, so that a long failure buries nobody.
func TestEngine_stream_of_the_outputs_is_missing(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	if err := r.js.DeleteStream(t.Context(), "balances"); err != nil {
		t.Fatal(err)
	}
	r.publishPack(ones(1, 4)...)
	r.start(func(c *engine.Config) { c.PublishTimeout = 100 * time.Millisecond })
	r.await("the outputs failed, and their causes were decided again", func() bool { return r.bank.decisions(depositID(1)) >= 3 })
	if n := r.consumer().NumAckPending; n != 1 {
		t.Errorf("%d messages are unanswered, want 1", n)
	}
	r.makeStream("balances")
	r.drained()
	r.wantBalance(3)
	r.wantAnswered(ones(1, 4)...)
	r.wantDeaths(map[string]death{})
	if n := r.redelivered(); n != 0 {
		t.Errorf("%d messages were delivered again", n)
	}
}

// A dead letter that cannot be published is published later, and written once.
func TestEngine_stream_of_the_dead_letters_is_missing(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	r.bank.faults()
	if err := r.js.DeleteStream(t.Context(), "dlq"); err != nil {
		t.Fatal(err)
	}
	r.send([]event.Event{r.badDeposit(1), r.made(one(2, "never"))})
	r.start(func(c *engine.Config) { c.PublishTimeout = 100 * time.Millisecond })
	r.await("it was tried again", func() bool { return r.bank.decisions(depositID(2)) >= 2 })
	r.makeStream("dlq")
	r.drained()
	letters := map[string]bool{} // a publish that timed out may have arrived
	for _, m := range r.stored("dlq") {
		letters[m.Header.Get("dlq-id")] = true
	}
	if n := len(r.deaths()); n != 2 || len(letters) != 2 {
		t.Errorf("%d rows and %d dead letters, want 2 and 2", n, len(letters))
	}
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
