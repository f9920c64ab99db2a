package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"orderly/pkg/engine"
)

// stuckAfter is short, for tests.
const stuckAfter = 200 * time.Millisecond

// A consumer that gives nothing, although messages wait and are asked for, is bound
// anew; that this does not help is told, and over once it works again.
func TestConsumer_that_gives_nothing_is_bound_anew_and_told(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	e := r.start(func(c *engine.Config) { c.StuckAfter = stuckAfter })
	look := func() engine.ConsumerStats { return e.Stats().Consumers[0] }
	r.publish(one(1, ""))
	r.drained()
	r.await("a first look", func() bool { return !look().LookedAt.IsZero() })
	if _, err := r.js.PauseConsumer(t.Context(), "deposits", service, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	r.publish(one(2, ""), one(3, ""))
	r.await("the consumer is failing", func() bool { return look().Failing != "" })
	c := look()
	if !strings.Contains(c.Failing, "paused") || !strings.Contains(c.Failing, "2 messages wait") {
		t.Errorf("it says %q", c.Failing)
	}
	if c.Rebinds < 2 || c.Waiting != 2 || c.Oldest <= 0 || c.Stream != "deposits" || c.Name != service {
		t.Errorf("the consumer is %+v", c)
	}
	if _, err := r.js.ResumeConsumer(t.Context(), "deposits", service); err != nil {
		t.Fatal(err)
	}
	r.drained()
	r.await("it works again", func() bool { return look().Failing == "" && look().Waiting == 0 && look().Oldest == 0 })
	r.wantBalance(3)
}

// Messages that wait because the engine has its hands full are no reason to bind
// anything anew.
func TestConsumer_that_is_not_asked_is_left_alone(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	busy := newGate()
	t.Cleanup(busy.open)
	r.bank.decide = func(context.Context, *engine.Input, deposit) error {
		busy.pass()
		return nil
	}
	e := r.start(func(c *engine.Config) {
		c.StuckAfter = stuckAfter
		c.Consumers[0].MaxInHand = 1
	})
	r.publish(ones(1, 6)...)
	<-busy.reached
	looks, last := 0, time.Time{}
	r.await("some looks, of which each would be enough", func() bool {
		c := e.Stats().Consumers[0]
		if !c.LookedAt.Equal(last) {
			looks, last = looks+1, c.LookedAt
		}
		return looks > 8
	})
	c := e.Stats().Consumers[0]
	if c.Rebinds != 0 || c.Failing != "" || c.Waiting == 0 || c.InHand == 0 {
		t.Errorf("the consumer is %+v", c)
	}
	if s := e.Stats(); s.Stalled <= 0 || s.InHand == 0 {
		t.Errorf("stalled for %v with %d in hand", s.Stalled, s.InHand)
	}
	busy.open()
	r.drained()
}

// What a pull brings after it was given up comes again.
func TestConsumer_bound_anew_loses_nothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	e := r.start(nil)
	for n := range 30 {
		e.Rebind()
		r.publish(one(n, ""))
	}
	r.drained()
	r.wantBalance(30)
}

// Each thing that happens to a message is counted, once.
func TestStats_count_what_happened(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		r.bank.decide = func(_ context.Context, in *engine.Input, d deposit) error {
			if d.Note == "bad" {
				return engine.Never(errors.New("never"))
			}
			return nil
		}
		e := r.start(nil)
		r.publishPack(one(1, ""), one(2, ""), one(3, ""))
		r.publish(one(4, "bad"))
		r.publish(one(1, ""))
		if _, err := e.Do(t.Context(), one(5, ""), engine.Meta{}); err != nil {
			t.Fatal(err)
		}
		r.drained()
		r.await("all is stored", func() bool { return e.Stats().Unsent == 0 && e.Stats().InHand == 0 })
		s := e.Stats()
		counts := map[string]uint64{}
		for _, n := range s.Inputs {
			if n.N > 0 {
				counts[n.Kind+" "+n.Result] = n.N
			}
		}
		if counts["event handled"]+s.Duplicates != 4 || counts["event dead"] != 1 || counts["command handled"] != 1 || len(counts) != 3 {
			t.Errorf("inputs: %v, duplicates: %d", counts, s.Duplicates)
		}
		if s.Received.Messages != 3 || s.EventsIn != 5 || s.Redelivered.Messages != 0 || s.Received.Bytes == 0 {
			t.Errorf("received: %+v", s)
		}
		if s.EventsOut < 4 || s.Published.Messages < 2 || s.Published.Bytes == 0 || s.PublishFailures != 0 {
			t.Errorf("published: %+v", s)
		}
		if s.Answers[0] != 2 || s.Answers[2] != 1 {
			t.Errorf("answers: %v", s.Answers)
		}
		if n := s.Batch.Count; n == 0 || s.Batch.Sum != 6-float64(s.Duplicates) {
			t.Errorf("batches: %+v", s.Batch)
		}
		for i, stage := range engine.Stages() {
			if s.Stages[i].Count == 0 || s.Stages[i].Sum <= 0 {
				t.Errorf("stage %s: %+v", stage, s.Stages[i])
			}
		}
	})
}

// What is committed and not stored ages, by itself.
func TestStats_tell_of_what_is_unsent(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	if err := r.js.DeleteStream(t.Context(), "balances"); err != nil {
		t.Fatal(err)
	}
	e := r.start(nil)
	if _, err := e.Do(t.Context(), one(1, ""), engine.Meta{}); err != nil {
		t.Fatal(err)
	}
	r.await("something is unsent", func() bool { return e.Stats().UnsentFor > 0 && e.Stats().PublishFailures > 0 })
	if s := e.Stats(); s.Unsent != 1 || s.EventsOut != 0 {
		t.Errorf("unsent %d, sent %d", s.Unsent, s.EventsOut)
	}
	r.makeStream("balances")
	r.await("all is sent", func() bool { return e.Stats().Unsent == 0 && e.Stats().UnsentFor == 0 && e.Stats().EventsOut == 1 })
}
