package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"orderly/pkg/engine"
	"orderly/pkg/event"
)

const express = "express"

// urgent has the express lane go first, and gives each lane a consumer of its own.
func urgent(c *engine.Config) {
	c.Urgent = []string{express}
	c.Consumers = append(c.Consumers, engine.Consumer{Stream: "deposits", Name: express})
}

// newLanes is a rig whose lanes have consumers of their own.
func newLanes(t testing.TB) *rig {
	t.Helper()
	r := newRig(t, onSQLite(t))
	for durable, lane := range map[string]string{service: event.DefaultLane, express: express} {
		_, err := r.js.CreateOrUpdateConsumer(t.Context(), "deposits", jetstream.ConsumerConfig{
			Durable: durable, FilterSubject: "deposits.made.v1." + lane, AckPolicy: jetstream.AckExplicitPolicy,
			AckWait: 30 * time.Second, MaxDeliver: -1, MaxAckPending: -1,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// publishExpress sends the deposits together, on the express lane.
func (r *rig) publishExpress(ds ...deposit) {
	r.Helper()
	events := make([]event.Event, len(ds))
	for i, d := range ds {
		events[i] = event.Event{ID: event.DeriveID(d.ID, "made"), Source: "/test", Name: "deposits.made", Subject: d.ID, Payload: d, Lane: express}
		if err := r.registry.Seal(&events[i]); err != nil {
			r.Fatal(err)
		}
	}
	r.send(events)
}

// line is a batch as its Load saw it, as "ssx": two standard inputs and an express
// one.
type line struct {
	mu      sync.Mutex
	batches []string
}

func (l *line) see(inputs []*engine.Input) {
	var b strings.Builder
	for _, in := range inputs {
		if in.Meta.Lane == express {
			b.WriteByte('x')
		} else {
			b.WriteByte('s')
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.batches = append(l.batches, b.String())
}

func (l *line) seen() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.batches)
}

// queue has a command hold up the engine in its batch, and meanwhile takes in what
// fill sends, n inputs. It returns what opens the way.
func (r *rig) queue(e *engine.Engine, hold *gate, n int, fill func()) {
	r.Helper()
	go func() { _, _ = e.Do(context.WithoutCancel(r.Context()), one(-1, ""), engine.Meta{}) }()
	<-hold.reached
	fill()
	r.await(fmt.Sprintf("%d inputs wait", n), func() bool { return e.InHand() == n+1 })
}

// An urgent input passes all that wait, and takes along no more of them than half a
// batch: the largest would hold up whatever urgent comes next.
func TestEngine_urgent_passes_a_backlog(t *testing.T) {
	t.Parallel()
	for name, pack := range map[string]int{"of singles": 1, "of packs": 10} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newLanes(t)
			hold, saw := newGate(), &line{}
			r.bank.onLoad = func(inputs []*engine.Input) error { saw.see(inputs); hold.pass(); return nil }
			e := r.start(func(c *engine.Config) { urgent(c); c.MaxInputs = 8 })
			r.queue(e, hold, 42, func() {
				for n := 0; n < 40; n += pack {
					r.publishPack(ones(n, n+pack)...)
				}
				r.await("the backlog waits", func() bool { return e.InHand() == 41 })
				r.publishExpress(one(100, ""))
				go func() { _, _ = e.Do(context.WithoutCancel(t.Context()), one(101, ""), engine.Meta{Lane: express}) }()
			})
			hold.open()
			r.await("all is done", func() bool { return e.InHand() == 0 })
			if got := saw.seen()[1]; strings.Count(got, "x") != 2 || strings.Count(got, "s") != 4 {
				t.Errorf("the batch after the urgent ones came was %q, want both of them, and four of those that waited", got)
			}
			r.wantBalance(43)
		})
	}
}

// Whatever urgent inputs wait, half of a batch with any of the others is for them.
func TestEngine_urgent_leaves_half_to_the_others(t *testing.T) {
	t.Parallel()
	const all, most = 20, 60 // standard and express inputs
	for _, c := range []struct {
		maxInputs, pack, want int
	}{
		{8, 1, 4}, {8, 20, 4}, {1, 1, 1}, {1, 20, 1}, {30, 20, 15},
	} {
		t.Run(fmt.Sprintf("%d inputs in packs of %d", c.maxInputs, c.pack), func(t *testing.T) {
			t.Parallel()
			r := newLanes(t)
			hold, saw := newGate(), &line{}
			r.bank.onLoad = func(inputs []*engine.Input) error { saw.see(inputs); hold.pass(); return nil }
			e := r.start(func(cfg *engine.Config) { urgent(cfg); cfg.MaxInputs = c.maxInputs })
			r.queue(e, hold, all+most, func() {
				for n := 0; n < all; n += c.pack {
					r.publishPack(ones(n, n+c.pack)...)
				}
				for n := 1000; n < 1000+most; n += 20 {
					r.publishExpress(ones(n, n+20)...)
				}
			})
			hold.open()
			r.await("all is done", func() bool { return e.InHand() == 0 })
			left := all
			for _, got := range saw.seen()[1:] {
				others := strings.Count(got, "s")
				if others > 0 && others != min(left, c.want) {
					t.Fatalf("a batch was %q, want %d of the others in it: %q", got, min(left, c.want), saw.seen())
				}
				left -= others
			}
			r.wantBalance(all + most + 1)
		})
	}
}

// A flood of urgent inputs that never ends does not keep the others from their turn.
func TestEngine_urgent_flood_starves_nobody(t *testing.T) {
	t.Parallel()
	for _, maxInputs := range []int{1, 8} {
		t.Run(fmt.Sprint(maxInputs), func(t *testing.T) {
			t.Parallel()
			r := newLanes(t)
			e := r.start(func(c *engine.Config) { urgent(c); c.MaxInputs = maxInputs })
			ctx, calm := context.WithCancel(t.Context())
			defer calm()
			var flood sync.WaitGroup
			for n := range 16 {
				flood.Go(func() {
					for i := 1000 * (n + 1); ctx.Err() == nil; i++ {
						_, _ = e.Do(ctx, one(i, ""), engine.Meta{Lane: express})
					}
				})
			}
			r.publishPack(ones(0, 20)...)
			r.await("the others are done", func() bool {
				return r.number("SELECT count(*) FROM deposits WHERE id IN ($1, $2)", depositID(0), depositID(19)) == 2
			})
			calm()
			flood.Wait()
		})
	}
}

// What the others do not need of their share is no loss.
func TestEngine_urgent_takes_what_is_left(t *testing.T) {
	t.Parallel()
	r := newLanes(t)
	hold, saw := newGate(), &line{}
	r.bank.onLoad = func(inputs []*engine.Input) error { saw.see(inputs); hold.pass(); return nil }
	e := r.start(func(c *engine.Config) { urgent(c); c.MaxInputs = 8 })
	r.queue(e, hold, 17, func() {
		r.publishExpress(ones(0, 16)...)
		r.publish(one(20, ""))
	})
	hold.open()
	r.await("all is done", func() bool { return e.InHand() == 0 })
	if got := saw.seen()[1:]; len(got) != 3 || len(got[0]) != 8 || len(got[1]) != 8 {
		t.Errorf("batches of %q, want two full ones and the rest", got)
	}
}

// What comes alone, since it was delivered before, is no way to starve the others.
func TestEngine_urgent_alone_starves_nobody(t *testing.T) {
	t.Parallel()
	r := newLanes(t)
	hold, saw := newGate(), &line{}
	r.bank.onLoad = func(inputs []*engine.Input) error { saw.see(inputs); hold.pass(); return nil }
	r.bank.decide = func(_ context.Context, in *engine.Input, _ deposit) error {
		if in.Meta.Lane == express {
			return engine.NotYet(time.Millisecond, errors.New("again, and alone"))
		}
		return nil
	}
	e := r.start(func(c *engine.Config) { urgent(c); c.MaxInputs = 4 })
	r.queue(e, hold, 20, func() {
		r.publishExpress(ones(0, 10)...)
		r.publishPack(ones(20, 30)...)
	})
	hold.open()
	r.await("the others are done", func() bool { return e.InHand() == 10 })
	if n := len(saw.seen()); n > 1000 {
		t.Errorf("it took %d batches to come to the others", n)
	}
	r.stop(e)
}

// Calls that hang fill the slots, but for those that only urgent ones may have.
func TestEngine_urgent_call_finds_a_slot(t *testing.T) {
	t.Parallel()
	r := newLanes(t)
	hold := newGate()
	var hanging atomic.Int64
	r.bank.approve = func(_ context.Context, d deposit) error {
		if d.ID != depositID(100) {
			hanging.Add(1)
			hold.pass()
		}
		return nil
	}
	e := r.start(func(c *engine.Config) { urgent(c); c.MaxCalls = 8 })
	for n := range 30 {
		r.publish(one(n, "call"))
	}
	r.await("all common slots are taken", func() bool { return hanging.Load() == 7 && e.InHand() == 30 })
	r.publishExpress(one(100, "call"))
	r.await("the urgent call was made", func() bool { return r.number("SELECT count(*) FROM deposits WHERE done") == 1 })
	hold.open()
	r.await("all is done", func() bool { return e.InHand() == 0 })
	r.wantBalance(31)
}

// A lane whose inputs wait takes up the room of no other.
func TestEngine_lanes_have_room_of_their_own(t *testing.T) {
	t.Parallel()
	r := newLanes(t)
	r.bank.decide = func(_ context.Context, in *engine.Input, _ deposit) error {
		if in.Meta.Lane != express {
			return engine.NotYet(time.Hour, errors.New("too early"))
		}
		return nil
	}
	r.publish(ones(0, 20)...)
	e := r.start(func(c *engine.Config) { urgent(c); c.Consumers[0].MaxInHand = 5 })
	r.await("the standard lane is full", func() bool { return e.InHand() == 5 })
	r.publishExpress(ones(100, 110)...)
	r.await("the urgent ones are done", func() bool { return r.number("SELECT count(*) FROM deposits WHERE done") == 10 })
	r.stop(e)
}

// What is urgent is acknowledged although others of its batch cannot be published.
func TestEngine_urgent_waits_for_nobodys_PubAck(t *testing.T) {
	t.Parallel()
	r := newLanes(t)
	var broken atomic.Bool
	broken.Store(true)
	js, tried := r.failing("balances.changed.v1."+event.DefaultLane, &broken)
	hold, saw := newGate(), &line{}
	r.bank.onLoad = func(inputs []*engine.Input) error { saw.see(inputs); hold.pass(); return nil }
	e := r.start(func(c *engine.Config) { urgent(c); c.JetStream = js })
	r.queue(e, hold, 2, func() {
		r.publish(one(1, ""))
		r.publishExpress(one(2, ""))
	})
	hold.open()
	r.await("all but the urgent one is tried", func() bool { return tried.Load() > 1 && e.InHand() == 2 })
	if got := saw.seen(); len(got) != 2 || len(got[1]) != 2 {
		t.Errorf("batches %q, want both in the second one", got)
	}
	broken.Store(false)
	r.await("all is done", func() bool { return e.InHand() == 0 })
	r.wantBalance(3)
}

// Letters that are replayed together go each on its own lane.
func TestEngine_replayed_letters_keep_their_lanes(t *testing.T) {
	t.Parallel()
	r := newLanes(t)
	hold, saw := newGate(), &line{}
	var mended atomic.Bool
	r.bank.decide = func(context.Context, *engine.Input, deposit) error {
		if mended.Load() {
			return nil
		}
		return engine.Never(errors.New("not in this life"))
	}
	r.bank.onLoad = func(inputs []*engine.Input) error {
		if mended.Load() {
			saw.see(inputs)
			hold.pass()
		}
		return nil
	}
	e := r.start(func(c *engine.Config) { urgent(c); c.MaxInputs = 4 })
	standard := r.dead(e, ones(0, 4)...)
	r.publishExpress(ones(10, 14)...)
	r.await("all are dead", func() bool { return len(r.letters(e, engine.LetterFilter{})) == 8 })
	var ids []string // one of each in turn
	for i, l := range r.letters(e, engine.LetterFilter{})[4:] {
		ids = append(ids, standard[i], l.ID)
	}
	mended.Store(true)
	done := make(chan []engine.LetterResult, 1)
	r.queue(e, hold, 8, func() {
		go func() {
			results, _ := e.DeadLetters().Replay(context.WithoutCancel(t.Context()), ann, ids...)
			done <- results
		}()
	})
	hold.open()
	for _, got := range <-done {
		if got.Outcome != engine.OutcomeReplayed {
			t.Errorf("%+v, want it replayed", got)
		}
	}
	if got := saw.seen()[1]; !strings.HasPrefix(got, "xx") {
		t.Errorf("the first batch of replays was %q, want the express lane's to pass the others", got)
	}
	r.wantBalance(9)
}
