package storetest

import (
	"context"
	"testing"
	"time"

	"orderly/pkg/sqldb"
)

// patience bounds one race.
const patience = 30 * time.Second

// stage runs two actors step by step and watches their locks.
type stage struct {
	t      testing.TB
	ctx    context.Context
	watch  *sqldb.DB
	actors [2]*Actor
}

func newStage(ctx context.Context, t testing.TB, a, b *Actor) *stage {
	return &stage{t: t, ctx: ctx, watch: a.replica.DB, actors: [2]*Actor{a, b}}
}

// play runs two batches at two replicas by a schedule. A batch that has to wait
// takes its remaining steps once it can.
func play(t testing.TB, schedule string, a, b *Actor) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	s := newStage(ctx, t, a, b)
	for _, each := range s.actors {
		go each.run(ctx)
	}
	defer func() {
		cancel()
		<-a.ended
		<-b.ended
	}()
	s.settle(a)
	s.settle(b)
	for _, turn := range schedule {
		s.step(int(turn - 'a'))
	}
	for !a.done() || !b.done() {
		s.step(0)
		s.step(1)
	}
	for i, each := range s.actors {
		if each.err != nil {
			t.Fatalf("replica %d: %v", i, each.err)
		}
	}
}

// step lets actor i take its next step, unless it still waits for a lock.
func (s *stage) step(i int) {
	s.t.Helper()
	a, other := s.actors[i], s.actors[1-i]
	if a.stuck {
		s.settle(a)
	}
	if a.stuck || a.done() {
		return
	}
	a.proceed <- struct{}{}
	s.settle(a)
	if other.stuck {
		s.settle(other)
	}
}

// settle waits until the actor's step is done or waits for a lock.
func (s *stage) settle(a *Actor) {
	s.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-a.arrived:
			a.stuck = false
			return
		case <-a.ended:
			a.stuck = false
			return
		case <-s.ctx.Done():
			s.t.Fatal("a replica neither goes on nor waits for a lock")
		case <-tick.C:
			if s.blocked(a) {
				a.stuck = true
				return
			}
		}
	}
}

func (s *stage) blocked(a *Actor) bool {
	s.t.Helper()
	var yes bool
	row := s.watch.Reader().QueryRowContext(s.ctx, "SELECT cardinality(pg_blocking_pids($1)) > 0", a.backend.Load())
	if err := row.Scan(&yes); err != nil {
		s.t.Fatal(err)
	}
	return yes
}
