package storetest

import "testing"

// WantNothingSaid fails the test if a batch of no inputs makes a statement. Run
// it on each database.
func WantNothingSaid(t *testing.T, d Database) {
	t.Helper()
	r, spy := d.Spied(t)
	statements := spy.During(func() { r.Do(t) })
	if d.kind == onPostgres {
		statements = statements[1:] // the clock
	}
	if len(statements) != 0 {
		t.Errorf("got %v, want no statement", statements)
	}
}

// Step is one that an order, or a product, takes.
type Step struct {
	Name string
	Tell func(n int) any // the nth one
	Most int             // statements of a batch, with the clock
}

// WantSteady fails the test unless a batch takes as many statements for 200
// inputs as for one. The steps are taken by number 0, then by those from 1000
// on.
func (s *Spy) WantSteady(t testing.TB, r Replica, steps ...Step) {
	t.Helper()
	for _, step := range steps {
		var counts [2]int
		for i, size := range []int{1, 200} {
			var bodies []any
			for n := range size {
				bodies = append(bodies, step.Tell(1000*i+n))
			}
			counts[i] = len(s.During(func() { r.Do(t, bodies...) }))
		}
		if counts[0] != counts[1] || counts[0] > step.Most {
			t.Errorf("%s: %d statements for one, %d for 200; want the same, at most %d", step.Name, counts[0], counts[1], step.Most)
		}
	}
}
