package engine_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"orderly/pkg/engine"
)

// However slow the database, no more is taken in than may be in hand.
func TestEngine_in_hand_is_bounded(t *testing.T) {
	t.Parallel()
	for name, pack := range map[string]int{"singles": 1, "packs": 40} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, onSQLite(t))
			const total, most = 400, 50
			for n := 0; n < total; n += pack {
				r.publishPack(ones(n, n+pack)...)
			}
			var mu sync.Mutex
			var e *engine.Engine
			worst := 0
			hold := newGate()
			r.bank.onLoad = func([]*engine.Input) error {
				hold.pass()
				mu.Lock()
				defer mu.Unlock()
				worst = max(worst, e.Held())
				return nil
			}
			mu.Lock()
			e = r.start(func(c *engine.Config) { c.Consumers[0].MaxInHand = most })
			mu.Unlock()
			r.await("as much as there is room for is in hand", func() bool { return e.InHand() >= most })
			if n := r.consumer().NumAckPending; n > most {
				t.Errorf("%d messages were pulled, there was room for %d events", n, most)
			}
			hold.open()
			r.drained()
			r.wantBalance(total)
			if limit := most + pack - 1; worst > limit || worst < most {
				t.Errorf("up to %d events in hand, want %d to %d", worst, most, limit)
			}
			if n := r.redelivered(); n != 0 {
				t.Errorf("%d messages were delivered again", n)
			}
		})
	}
}

// A message that waits for room is not delivered again meanwhile.
func TestEngine_heartbeats(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	c, err := r.js.Consumer(t.Context(), "deposits", service)
	if err != nil {
		t.Fatal(err)
	}
	cfg := c.CachedInfo().Config
	cfg.AckWait = 2 * time.Second
	if _, err := r.js.UpdateConsumer(t.Context(), "deposits", cfg); err != nil {
		t.Fatal(err)
	}
	for n := 0; n < 20; n += 2 {
		r.publishPack(ones(n, n+2)...)
	}
	var mu sync.Mutex
	beats := map[string]int{} // by message
	listening, err := r.js.Conn().Subscribe("$JS.ACK.deposits."+service+".>", func(m *nats.Msg) {
		mu.Lock()
		defer mu.Unlock()
		beats[m.Subject]++
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listening.Unsubscribe() }()
	hold := newGate()
	r.bank.onLoad = func([]*engine.Input) error { hold.pass(); return nil }
	r.start(func(c *engine.Config) { c.Consumers[0].MaxInHand = 5 })
	<-hold.reached
	r.await("all that was pulled was waited for longer than it may go unanswered", func() bool {
		mu.Lock()
		defer mu.Unlock()
		for _, n := range beats {
			if n < 3 {
				return false
			}
		}
		return len(beats) >= 4 // the batch, two messages in hand, and one that waits for room at least
	})
	hold.open()
	r.drained()
	r.wantBalance(20)
	if n := r.redelivered(); n != 0 {
		t.Errorf("%d messages were delivered again", n)
	}
}

// A batch costs the same number of statements whatever its size, and one COMMIT.
func TestEngine_statements_of_a_batch(t *testing.T) {
	t.Parallel()
	onEachFaulty(t, func(t *testing.T, r *rig, f *faulty) {
		r.start(nil)
		r.publish(one(0, "")) // opens the account, makes the mark
		r.drained()
		n := 1
		cost := func(size int) string {
			statements, commits, batches := f.statements.Load(), f.commits.Load(), len(r.observed())
			r.publishPack(ones(n, n+size)...)
			n += size
			r.drained()
			if got := len(r.observed()) - batches; got != 1 {
				t.Fatalf("%d batches, want 1", got)
			}
			return fmt.Sprintf("%d statements, %d commits", f.statements.Load()-statements, f.commits.Load()-commits)
		}
		small, large := cost(1), cost(200)
		if small != large {
			t.Errorf("a batch of 1 cost %s, one of 200 %s", small, large)
		}
	})
}

func TestEngine_limits_of_a_batch(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*engine.Config)
		want   []int
	}{
		"inputs": {func(c *engine.Config) { c.MaxInputs = 4 }, []int{4, 4, 2}},
		"one":    {func(c *engine.Config) { c.MaxInputs = 1 }, []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
		"weight": {func(c *engine.Config) {
			c.MaxWeight = 7
			c.Weigh = func(body any) int { return 2 }
		}, []int{3, 3, 3, 1}},
		"weight of one above all": {func(c *engine.Config) {
			c.MaxWeight = 7
			c.Weigh = func(body any) int { return 100 }
		}, []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, onSQLite(t))
			r.publishPack(ones(0, 10)...)
			r.start(c.change)
			r.drained()
			r.wantBalance(10)
			var got []int
			for _, b := range r.observed() {
				got = append(got, b.Inputs)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("batches of %v, want %v", got, c.want)
			}
		})
	}
}

// What comes while a batch is committed is the next batch.
func TestEngine_batches_form_under_load(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	hold := newGate()
	r.bank.onLoad = func([]*engine.Input) error { hold.pass(); return nil }
	r.publish(ones(0, 100)...)
	e := r.start(nil)
	r.await("all is in hand", func() bool { return e.InHand() == 100 })
	hold.open()
	r.drained()
	r.wantBalance(100)
	if n := len(r.observed()); n > 3 {
		t.Errorf("%d batches, want the first one and one or two for the rest", n)
	}
}

func TestLastHandled(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		if _, ok, err := engine.LastHandled(t.Context(), r.db, service); ok || err != nil {
			t.Errorf("before anything: %v, %v", ok, err)
		}
		before := time.Now().Add(-time.Minute)
		e := r.start(nil)
		for n := range 5 {
			r.publish(one(n, ""))
			r.drained()
		}
		first, ok, err := engine.LastHandled(t.Context(), r.db, service)
		if !ok || err != nil || first.Before(before) || first.After(time.Now().Add(time.Minute)) {
			t.Errorf("last handled %v, %v, %v", first, ok, err)
		}
		r.stop(e)
		r.start(nil)
		r.publish(one(9, ""))
		r.drained()
		if next, _, _ := engine.LastHandled(t.Context(), r.db, service); !next.After(first) {
			t.Errorf("the mark did not move on with a new process: %v, %v", first, next)
		}
	})
}
