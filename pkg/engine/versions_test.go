package engine_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"orderly/pkg/engine"
	"orderly/pkg/event"
)

// versioned knows deposits.made and balances.changed up to a version: the second
// one of a deposit has a note, that of a balance a pad.
func versioned(t *testing.T, newest int) *event.Registry {
	t.Helper()
	same := func(payload any) (any, error) { return payload, nil }
	plainDeposit := func(payload any) (any, error) {
		d, ok := payload.(deposit)
		d.Note = ""
		return d, known(ok, payload)
	}
	plainBalance := func(payload any) (any, error) {
		b, ok := payload.(balance)
		b.Pad = ""
		return b, known(ok, payload)
	}
	var contracts []event.Contract
	for version := 1; version <= newest; version++ {
		d := contract("deposits.made", func(deposit) error { return nil })
		b := contract("balances.changed", func(balance) error { return nil })
		d.Version, b.Version = version, version
		d.Up, b.Up = plainDeposit, same
		d.Down, b.Down = plainDeposit, plainBalance
		contracts = append(contracts, d, b)
	}
	r, err := event.NewRegistry("com.example.", contracts...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func known(ok bool, payload any) error {
	if !ok {
		return fmt.Errorf("a %T is unknown here", payload)
	}
	return nil
}

// told are the answers on the stream, by version.
func (r *rig) told(t *testing.T) map[int][]event.Event {
	t.Helper()
	out := map[int][]event.Event{}
	for _, m := range r.stored("balances") {
		results, err := r.registry.Open(event.Message{Subject: m.Subject, Header: m.Header, Data: m.Data})
		if err != nil {
			t.Fatal(err)
		}
		for _, res := range results {
			if res.Err != nil {
				t.Fatal(res.Err)
			}
			out[res.Event.Version] = append(out[res.Event.Version], res.Event)
		}
	}
	return out
}

func paddedBy(text string) func(deposit, *balance) {
	return func(_ deposit, b *balance) { b.Pad = text }
}

// G7: a sender says an event in the versions that it declares, under one id.
func TestG7_versions_side_by_side(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		publish map[string][]int
		want    []int
	}{
		"not declared": {nil, []int{2}},
		"both":         {map[string][]int{"balances.changed": {1, 2}}, []int{1, 2}},
		"the old one":  {map[string][]int{"balances.changed": {1}}, []int{1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, onSQLite(t))
			r.registry = versioned(t, 2)
			r.bank.answer = paddedBy("rich")
			r.start(func(c *engine.Config) { c.Publish, c.Urgent = test.publish, []string{"express"} })
			express := r.made(one(3, ""))
			express.Lane = "express"
			r.send([]event.Event{r.made(one(1, "")), r.made(one(2, "")), express}) // the batch has two parts
			r.drained()
			told := r.told(t)
			if got := slices.Sorted(maps.Keys(told)); !slices.Equal(got, test.want) {
				t.Fatalf("said in versions %v, want %v", got, test.want)
			}
			for version, events := range told {
				if len(events) != 3 {
					t.Errorf("version %d: %d answers, want 3", version, len(events))
				}
				for _, e := range events {
					b := e.Payload.(balance)
					if e.ID != event.DeriveID(b.Deposit, "balances.changed") || (b.Pad == "rich") != (version == 2) {
						t.Errorf("version %d: %+v", version, e)
					}
				}
			}
		})
	}
}

// G4, G7: a reader that goes from one version to the next in the middle of the
// stream handles each event once, whichever it hears first.
func TestG7_reader_changes_versions(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		r.registry = versioned(t, 2)
		var calls atomic.Int64
		durable := func(version int) *engine.Engine {
			name := fmt.Sprintf("bank-v%d", version)
			_, err := r.js.CreateOrUpdateConsumer(t.Context(), "deposits", jetstream.ConsumerConfig{
				Durable: name, FilterSubject: fmt.Sprintf("deposits.made.v%d.standard", version),
				AckPolicy: jetstream.AckExplicitPolicy, MaxDeliver: -1,
			})
			if err != nil {
				t.Fatal(err)
			}
			return r.startHandlers(&calls, func(c *engine.Config) { c.Consumers = []engine.Consumer{{Stream: "deposits", Name: name}} })
		}
		say := func(from, to int) {
			for _, d := range ones(from, to) {
				for version := 1; version <= 2; version++ {
					e := r.made(d)
					e.Version = version
					if err := r.registry.Seal(&e); err != nil {
						t.Fatal(err)
					}
					r.send([]event.Event{e})
				}
			}
		}
		old := durable(1)
		say(0, 10)
		next := durable(2) // both for a while
		say(10, 20)
		r.await("all is handled", func() bool { return r.holds() == 20 })
		r.stop(old)
		say(20, 30)
		r.await("all is handled", func() bool { return r.holds() == 30 })
		r.stop(next)
		if n := r.number("SELECT count(*) FROM engine_inbox"); n != 30 || r.holds() != 30 {
			t.Errorf("%d events were handled, the account holds %d, want 30 of both", n, r.holds())
		}
		r.wantDeaths(map[string]death{})
	})
}

// G7: what a build has answered, the one before it answers again, as it was
// rolled back to: in the version that it knows and publishes.
func TestG7_rolled_back_answers_again(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		r.registry = versioned(t, 2)
		var calls atomic.Int64
		today := r.startHandlers(&calls, func(c *engine.Config) { c.Publish = map[string][]int{"balances.changed": {1, 2}} })
		e := r.made(one(1, ""))
		e.Version = 1
		if err := r.registry.Seal(&e); err != nil {
			t.Fatal(err)
		}
		r.send([]event.Event{e})
		r.drained()
		r.stop(today)

		r.registry = versioned(t, 1)
		yesterday := r.startHandlers(&calls, nil)
		r.send([]event.Event{e})
		r.drained()
		r.stop(yesterday)

		r.registry = versioned(t, 2)
		told := r.told(t)
		if len(told[1]) != 2 || len(told[2]) != 1 || told[1][0].ID != told[1][1].ID {
			t.Errorf("told %d times in version 1, %d times in version 2, want 2 and 1", len(told[1]), len(told[2]))
		}
		if calls.Load() != 1 || r.holds() != 1 {
			t.Errorf("handled %d times, the account holds %d", calls.Load(), r.holds())
		}
	})
}

// A letter of an old version is replayed by today's conversions.
func TestG7_replay_of_an_old_version(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	var calls atomic.Int64
	old := r.startHandlers(&calls, nil)
	r.publish(one(1, "fail"))
	r.drained()
	r.stop(old)

	r.registry = versioned(t, 2) // its first version has no note any more, so that it does not fail
	e := r.startHandlers(&calls, nil)
	letters := r.letters(e, engine.LetterFilter{})
	if len(letters) != 1 {
		t.Fatalf("%d letters, want one", len(letters))
	}
	r.replay(e, engine.OutcomeReplayed, letters[0].ID)
	if r.holds() != 1 {
		t.Errorf("the account holds %d, want 1", r.holds())
	}
}

func TestNew_refuses_versions_that_there_are_not(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	r.registry = versioned(t, 2)
	for want, publish := range map[string]map[string][]int{
		"in no version":                {"balances.changed": {}},
		"version 3, which the":         {"balances.changed": {1, 3}},
		"version 0, which the":         {"balances.changed": {0}},
		"balances.lost is to be":       {"balances.lost": {1}},
		"published in version 1 twice": {"balances.changed": {1, 1}},
	} {
		cfg := r.config()
		cfg.Publish = publish
		if _, err := engine.New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %q", publish, err, want)
		}
	}
}
