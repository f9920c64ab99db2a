package engine

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

const urgentLane = "express"

// lined is an intake of small batches with an urgent lane.
func lined(c Config) *intake {
	c.Urgent = []string{urgentLane}
	c.MaxInputs = 8
	return newIntake(c.withDefaults())
}

// of makes a group of inputs with names and, by their names, lanes: x1 is urgent.
func of(names ...string) group {
	var g group
	for _, name := range names {
		in := &Input{Body: name}
		if name[0] == 'x' {
			in.Meta.Lane = urgentLane
		}
		g.inputs = append(g.inputs, in)
	}
	return g
}

func (q *intake) mustPut(t *testing.T, g group) {
	t.Helper()
	if err := q.put(t.Context(), g); err != nil {
		t.Fatal(err)
	}
}

func (q *intake) wantNext(t *testing.T, names ...string) {
	t.Helper()
	var got []string
	for _, in := range q.next() {
		got = append(got, in.Body.(string))
	}
	if fmt.Sprint(got) != fmt.Sprint(names) {
		t.Errorf("the next batch is %v, want %v", got, names)
	}
}

// G6: what must be decided alone stays alone when a batch has room for a part of it
// only: a rehearsal is rolled back with all that is in its batch.
func TestIntake_alone_stays_alone_in_parts(t *testing.T) {
	t.Parallel()
	q := lined(Config{})
	q.rushed = time.Now() // half of each batch is for the others
	alone := of("s1", "s2", "s3", "s4", "s5", "s6")
	alone.alone = true
	q.mustPut(t, alone)
	q.mustPut(t, of("s7", "s8"))
	q.mustPut(t, of("s9"))
	q.wantNext(t, "s1", "s2", "s3", "s4")
	q.wantNext(t, "s5", "s6")
	q.wantNext(t, "s7", "s8", "s9")
}

// G1: an urgent input that comes alone while a batch lingers is the next one, and
// nothing that comes behind it takes its place.
func TestIntake_alone_while_a_batch_lingers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := lined(Config{Linger: 10 * time.Millisecond})
		q.last = 4
		alone := of("x1")
		alone.alone = true
		q.mustPut(t, of("s1"))
		time.AfterFunc(time.Millisecond, func() { q.mustPut(t, alone) })
		time.AfterFunc(2*time.Millisecond, func() { q.mustPut(t, of("x2")) })
		q.wantNext(t, "s1")
		q.wantNext(t, "x1")
		q.wantNext(t, "x2")
	})
}

// What is too heavy for its share of a batch begins the next one.
func TestIntake_heavy_input_beside_urgent_ones(t *testing.T) {
	t.Parallel()
	q := lined(Config{MaxWeight: 10, Weigh: func(body any) int {
		if body == "s1" {
			return 9
		}
		return 1
	}})
	q.rushed = time.Now()
	q.mustPut(t, of("s1"))
	q.mustPut(t, of("x1"))
	q.wantNext(t, "x1")
	q.mustPut(t, of("x2"))
	q.wantNext(t, "s1", "x2")
}
