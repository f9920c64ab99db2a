package engine_test

import (
	"testing"
	"time"

	"orderly/pkg/engine"
	"orderly/pkg/event"
)

// newer is a deposit as the next version of the program sends it, and alien one
// that no program has ever heard of.
func (r *rig) newer(next *event.Registry, n int) event.Message {
	r.Helper()
	d := one(n, "")
	e := event.Event{ID: event.DeriveID(d.ID, "made"), Source: "/test", Name: "deposits.made", Version: 2, Subject: d.ID, Payload: d}
	if err := next.Seal(&e); err != nil {
		r.Fatal(err)
	}
	return event.Alone(e, next.Subject(e))
}

func (r *rig) alien(n int) event.Message {
	r.Helper()
	e := r.made(one(n, ""))
	e.Type = "com.example.deposits.stolen.v1"
	return event.Alone(e, "deposits.stolen.v1.standard")
}

func nextContracts(t testing.TB) *event.Registry {
	t.Helper()
	second := contract("deposits.made", func(deposit) error { return nil })
	second.Version = 2
	first, _ := contracts(t).Lookup("deposits.made", 1)
	same := func(payload any) (any, error) { return payload, nil }
	first.Up, second.Down = same, same
	balances, _ := contracts(t).Lookup("balances.changed", 1)
	next, err := event.NewRegistry("com.example.", first, second, balances)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// An event of a version that is still to come here waits for a program that knows
// it. It costs no attempt, and nobody else's turn; one that nobody knows is dead.
func TestEngine_newer_version_waits_for_who_knows_it(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		next := nextContracts(t)
		old := r.make(nil)
		old.LookAgainAfter(time.Millisecond)
		if err := old.Start(); err != nil {
			t.Fatal(err)
		}
		r.sendRaw(r.newer(next, 1))
		r.sendRaw(r.alien(2))
		r.publish(one(3, ""))
		r.await("all but the newer one is answered", func() bool {
			info := r.consumer()
			return info.Delivered.Stream == 3 && info.NumAckPending == 1
		})
		looked := len(r.observed())
		r.await("it had its turn several times more", func() bool { return len(r.observed()) > looked+10 })
		r.wantBalance(1)
		if got := r.letters(old, engine.LetterFilter{}); len(got) != 1 || got[0].Kind != "undecodable" || got[0].Type != "com.example.deposits.stolen.v1" {
			t.Errorf("dead letters are %+v, want the event alone that nobody knows", got)
		}
		r.stop(old)

		r.start(func(c *engine.Config) { c.Registry = next })
		r.drained()
		r.wantBalance(2)
		if n := r.number("SELECT count(*) FROM engine_attempts"); n != 0 {
			t.Errorf("%d attempts were counted", n)
		}
	})
}

// Events of a newer version fill what may be in hand, and then no more are fetched.
func TestEngine_newer_versions_slow_the_intake_down(t *testing.T) {
	t.Parallel()
	const room = 4
	r := newRig(t, onSQLite(t))
	for n := range 2 * room {
		r.sendRaw(r.newer(nextContracts(t), n))
	}
	e := r.start(func(c *engine.Config) { c.Consumers[0].MaxInHand = room })
	seen := func() (n int) {
		for _, b := range r.observed() {
			n += b.Inputs
		}
		return n
	}
	r.await("all that may be in hand was looked at", func() bool { return seen() == room })
	r.stop(e)
	if n := seen(); n != room {
		t.Errorf("%d inputs were decided, want each of %d once", n, room)
	}
	if info := r.consumer(); info.Delivered.Consumer != room {
		t.Errorf("%d messages were delivered, there was room for %d", info.Delivered.Consumer, room)
	}
}
