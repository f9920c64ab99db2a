package main_test

import "testing"

// G6: a stuck order says which dead letter it waits for, and closes once that is
// replayed.
func TestRepairs_stuck_behind_a_dead_letter(t *testing.T) {
	t.Parallel()
	onEach(t, func(s *stage) {
		t := s.T
		s.at("products", "load", write(t, "products.csv", header+"MUG,Mug,GBP,250,100\n")).wants(t, 0)
		s.fail()
		s.place(0, 1)
		letter := s.letters(1)[0]
		var stuck shownStuck
		decode(t, s.at("orders", "stuck", "--for", "0s"), &stuck)
		want := "orderly.inventory.reserved.v1 is a dead letter there: see orderly dlq show " + letter.ID
		if len(stuck) != 1 || stuck[0].OrderID != letter.Key || len(stuck[0].Waits) != 1 || stuck[0].Waits[0].For != "payment" || stuck[0].Waits[0].Why != want {
			t.Fatalf("stuck: %+v, want %q", stuck, want)
		}
		s.mend()
		s.replay(0, "--all", "--by", "ann", "--why", "there is room")
		eventually(t, "the order is closed", func() bool {
			decode(t, s.at("orders", "stuck", "--for", "0s"), &stuck)
			return len(stuck) == 0
		})
	})
}
