package engine_test

import (
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"orderly/pkg/engine"
)

// G1: what one process saw of a stream is known to the next, and a loss that one
// replica found is not forgotten because another saves later.
func TestStreamMarks(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, r *rig) {
		at := func(second int) time.Time { return time.Date(2026, 1, 1, 0, 0, second, 1000, time.UTC) }
		first := engine.StreamMark{Stream: "orders", Created: at(0), LastSeq: 7, LastAt: at(7)}
		other := engine.StreamMark{Stream: "payments", Created: at(1)}
		again := engine.StreamMark{Stream: "orders", Created: at(20), LastSeq: 3, LastAt: at(23), WholeSince: at(24)}
		later := engine.StreamMark{Stream: "orders", Created: at(20), LastSeq: 4, LastAt: at(25)}
		for _, marks := range [][]engine.StreamMark{{first, other}, {again}, {later}} {
			if err := engine.SaveStreamMarks(t.Context(), r.db, marks...); err != nil {
				t.Fatal(err)
			}
		}
		got, err := engine.StreamMarks(t.Context(), r.db)
		if err != nil {
			t.Fatal(err)
		}
		later.WholeSince = again.WholeSince
		for _, want := range []engine.StreamMark{later, other} {
			m := got[want.Stream]
			if m.LastSeq != want.LastSeq || !m.Created.Equal(want.Created) || !m.WholeSince.Equal(want.WholeSince) || want.LastSeq > 0 && !m.LastAt.Equal(want.LastAt) {
				t.Errorf("%s: got %+v, want %+v", want.Stream, m, want)
			}
		}
		if len(got) != 2 {
			t.Errorf("got %v", got)
		}
	})
}

// Replicas that save at the same time never wait for each other in a circle.
func TestSaveStreamMarks_in_any_order(t *testing.T) {
	t.Parallel()
	db := onPostgres(t)
	a, b := engine.StreamMark{Stream: "a", Created: time.Now()}, engine.StreamMark{Stream: "b", Created: time.Now()}
	var replicas errgroup.Group
	for _, marks := range [][]engine.StreamMark{{a, b}, {b, a}} {
		replicas.Go(func() error {
			for range 300 {
				if err := engine.SaveStreamMarks(t.Context(), db, marks...); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := replicas.Wait(); err != nil {
		t.Error(err)
	}
}
