package model

import (
	"fmt"
	"testing"
)

// buried walks through all ways of a day on which one event is a dead letter of
// its reader: everything else happens before it, in any order, the deadline among
// it; then it is replayed. It reports an order that is not closed in the end, and
// a promise that is broken on the way.
func (w *world) buried(d day, dead uint8) (found *violation, replays int) {
	x := w.walk(func(s state) string {
		if s.stories[0].pending == 0 && !w.orders.values[s.stories[0].order].Closed() {
			return "G1: not closed after the replay"
		}
		return w.broken(s)
	})
	s := w.start()
	if d.delivered {
		s = w.deliver(s)
	}
	s.stories[0].pending = s.stories[0].pending.with(w.client(deadline))
	if d.cancelled {
		s.stories[0].pending = s.stories[0].pending.with(w.client(cancels))
	}
	x.reach(s, 0, label("the order is placed"))
	for at := 0; at < len(x.states) && x.found == nil; at++ {
		pending := x.states[at].stories[0].pending
		others := pending.without(dead)
		if others == 0 && pending != 0 {
			replays++
			others = pending
		}
		x.happen(at, 0, others, use)
	}
	return x.found, replays
}

// TestG1_G2_G3_DeadLettersAreReplayedLast proves that a dead letter does not let
// the later events of its order overtake it into a wrong state: whichever event it
// is, and whatever became of the order meanwhile.
func TestG1_G2_G3_DeadLettersAreReplayedLast(t *testing.T) {
	t.Parallel()
	for _, s := range settings() {
		for _, day := range calms() {
			t.Run(fmt.Sprintf("%s, %+v", s.name, day), func(t *testing.T) {
				t.Parallel()
				w := newWorld(shipped(), s.setting)
				events := 0
				for dead := uint8(0); int(dead) < max(1, len(w.tokens.values)); dead++ {
					found, replays := w.buried(day, dead)
					if found != nil {
						t.Fatalf("%s is a dead letter: %s", w.tokens.values[dead], found)
					}
					if e := w.tokens.values[dead].Event; e != nil && replays > 0 {
						events++
					}
				}
				if events < 2 {
					t.Errorf("%d events were dead letters, want more", events)
				}
				t.Logf("%d events", events)
			})
		}
	}
}
