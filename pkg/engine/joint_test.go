package engine

import (
	"errors"
	"testing"
)

// told is an owner that remembers how its input ended.
type told struct {
	ends    int
	err     error
	replies int
}

func (t *told) committed(any, error) { t.replies++ }
func (t *told) settled(err error)    { t.ends, t.err = t.ends+1, err }

// Inputs that shared a call are acknowledged together, and come again together.
func TestInputs_that_shared_a_call_end_together(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                  string
		first, second         error
		wantFirst, wantSecond error
	}{
		{"both handled", nil, nil, nil, nil},
		{"one is left for later", nil, errWaiting, errWaiting, errWaiting},
		{"one is a dead letter", nil, errDead, nil, errDead},
		{"one dead, one left", errDead, ErrStopped, errDead, ErrStopped},
	} {
		a, b := &told{}, &told{}
		inputs := []*Input{{owed: []owner{a}}, {owed: []owner{b}}}
		join(inputs)
		inputs[0].committed("yes", nil)
		inputs[1].settled(c.second)
		if a.ends+b.ends > 0 {
			t.Fatalf("%s: one ended before the other", c.name)
		}
		inputs[0].settled(c.first)
		if a.ends != 1 || b.ends != 1 || a.replies != 1 || b.replies != 0 {
			t.Errorf("%s: told %d and %d times, replied %d and %d", c.name, a.ends, b.ends, a.replies, b.replies)
		}
		if !errors.Is(a.err, c.wantFirst) || !errors.Is(b.err, c.wantSecond) || (a.err == nil) != (c.wantFirst == nil) || (b.err == nil) != (c.wantSecond == nil) {
			t.Errorf("%s: they ended with %v and %v, want %v and %v", c.name, a.err, b.err, c.wantFirst, c.wantSecond)
		}
	}
}
