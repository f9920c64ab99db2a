package engine_test

import (
	"testing"

	"orderly/pkg/event"
)

// G4: an event has one effect and one answer, however often it comes.
func TestEngine_duplicates(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		e := r.start(nil)
		twice := r.made(one(1, ""))
		r.send([]event.Event{twice, twice, r.made(one(2, ""))})
		r.drained()
		r.publish(one(1, ""))
		r.drained()
		if n := r.bank.decisions(depositID(1)); n != 2 {
			t.Errorf("decided %d times, want 2: once for the pack that holds it twice, once for the single", n)
		}
		r.stop(e)

		// Much later: the broker has forgotten everything.
		if err := r.js.DeleteStream(t.Context(), "deposits"); err != nil {
			t.Fatal(err)
		}
		r.makeStream("deposits")
		r.makeConsumer()
		r.start(nil)
		r.publish(one(1, ""))
		r.drained()
		r.wantBalance(2)
		if n := len(r.answers()[depositID(1)]); n != 3 {
			t.Errorf("answered %d times, want 3", n)
		}
	})
}

func TestEngine_pack_and_outputs(t *testing.T) {
	t.Parallel()
	r := newRig(t, onSQLite(t))
	r.start(nil)
	cause := r.made(one(1, ""))
	cause.CorrelationID, cause.TraceParent = "story", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	r.send([]event.Event{cause})
	r.drained()
	got := r.answers()[depositID(1)][0]
	if got.CorrelationID != "story" || got.CausationID != cause.ID || got.TraceParent != cause.TraceParent ||
		got.Lane != event.DefaultLane || got.Source != service || got.Time.IsZero() || got.ID != event.DeriveID(depositID(1), "balances.changed") {
		t.Errorf("the output does not take over from its cause: %+v", got)
	}
}
