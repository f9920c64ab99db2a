package sqlstore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"orderly/pkg/sqldb"
)

const (
	stepsOfBatch = 3 // load, save, commit
	patience     = 30 * time.Second
)

// schedules returns every order in which the steps of two batches can be
// taken: 20 strings such as "aababb".
func schedules() []string {
	var out []string
	var grow func(prefix string, a, b int)
	grow = func(prefix string, a, b int) {
		if a == 0 && b == 0 {
			out = append(out, prefix)
		}
		if a > 0 {
			grow(prefix+"a", a-1, b)
		}
		if b > 0 {
			grow(prefix+"b", a, b-1)
		}
	}
	grow("", stepsOfBatch, stepsOfBatch)
	return out
}

// actor is one of two replicas that each commit one batch at the same time.
type actor struct {
	replica
	bodies   []any
	proceed  chan struct{} // one for each step
	arrived  chan struct{} // at the next gate
	ended    chan struct{}
	stuck    bool         // its last step waits for a lock
	backend  atomic.Int64 // PostgreSQL's process that serves it
	answers  []answer
	failures []error // that made it run again
	err      error
}

func newActor(r replica, bodies []any) *actor {
	return &actor{replica: r, bodies: bodies, proceed: make(chan struct{}), arrived: make(chan struct{}, stepsOfBatch), ended: make(chan struct{})}
}

func (a *actor) run(ctx context.Context) {
	defer close(a.ended)
	a.answers, a.failures, a.err = a.commit(ctx, a.gate, a.bodies)
}

func (a *actor) gate(ctx context.Context, tx *sql.Tx) error {
	if a.backend.Load() == 0 {
		var pid int64
		if err := tx.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
			return err
		}
		a.backend.Store(pid)
	}
	a.arrived <- struct{}{}
	select {
	case <-a.proceed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a *actor) done() bool {
	select {
	case <-a.ended:
		return true
	default:
		return false
	}
}

// stage runs two actors step by step and watches their locks.
type stage struct {
	t      *testing.T
	ctx    context.Context
	watch  *sqldb.DB
	actors [2]*actor
}

// settle waits until the actor's step is done or waits for a lock.
func (s *stage) settle(a *actor) {
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
			if blocked(s.ctx, s.t, s.watch, a.backend.Load()) {
				a.stuck = true
				return
			}
		}
	}
}

func blocked(ctx context.Context, t *testing.T, db *sqldb.DB, backend int64) bool {
	t.Helper()
	var yes bool
	if err := db.Reader().QueryRowContext(ctx, "SELECT cardinality(pg_blocking_pids($1)) > 0", backend).Scan(&yes); err != nil {
		t.Fatal(err)
	}
	return yes
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

// play runs two batches at two replicas by a schedule and returns what became
// of them. A batch that has to wait takes its remaining steps once it can.
func play(t *testing.T, d database, schedule string, a, b *actor) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	s := &stage{t: t, ctx: ctx, watch: a.db, actors: [2]*actor{a, b}}
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

// raced makes the two batches of one round; check looks at what they left.
type raced struct {
	a, b  []any
	check func(t *testing.T, a, b *actor)
}

// onEverySchedule plays a race once for each order of steps, on PostgreSQL,
// with rows of its own each time. It returns how often a batch ran again.
func onEverySchedule(t *testing.T, round func(t *testing.T, r replica, n int) raced) (reruns []error) {
	t.Helper()
	d := onPostgres(t)
	first, second := serve(t, d.open(t)), serve(t, d.open(t))
	for n, schedule := range schedules() {
		t.Run(schedule, func(t *testing.T) {
			race := round(t, first, n)
			a, b := newActor(first, race.a), newActor(second, race.b)
			play(t, d, schedule, a, b)
			race.check(t, a, b)
			for _, err := range append(a.failures, b.failures...) {
				wantUniqueViolation(t, err)
				reruns = append(reruns, err)
			}
			if len(a.failures)+len(b.failures) > 1 {
				t.Errorf("both batches ran again: %v, %v", a.failures, b.failures)
			}
		})
	}
	return reruns
}

func wantReruns(t *testing.T, reruns []error) {
	t.Helper()
	if len(reruns) == 0 {
		t.Error("no batch ever ran again: the schedules do not race")
	}
}

func wantNoReruns(t *testing.T, reruns []error) {
	t.Helper()
	if len(reruns) > 0 {
		t.Errorf("batches ran again, want that they wait for the row: %v", reruns)
	}
}

// wantUniqueViolation: a race for a row that is not there yet is decided by its
// primary key, and by nothing else.
func wantUniqueViolation(t *testing.T, err error) {
	t.Helper()
	var answer *pgconn.PgError
	if !errors.As(err, &answer) || answer.Code != "23505" {
		t.Errorf("ran again because of %v, want a unique violation (23505)", err)
	}
}

// inCircle runs two batches while a third transaction holds, by its statement
// with the argument first, what both need first. Neither may have taken what
// both need second, which taken shows: else they wait for each other.
func inCircle(t *testing.T, d database, take string, first, second any, a, b *actor) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s := &stage{t: t, ctx: ctx, watch: a.db, actors: [2]*actor{a, b}}
	a.proceed, b.proceed = open(), open()
	var running []*actor
	err := d.open(t).InTx(ctx, func(tx *sql.Tx, _ time.Time) error {
		if _, err := tx.ExecContext(ctx, take, first); err != nil {
			return err
		}
		for _, each := range s.actors {
			go each.run(ctx)
			running = append(running, each)
			for !each.stuck && !each.done() {
				s.settle(each)
			}
		}
		if _, err := tx.ExecContext(ctx, "SET LOCAL lock_timeout = '50ms'"); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, take, second); err != nil {
			return fmt.Errorf("a batch that waits for %v has %v: %w", first, second, err)
		}
		return errDone
	})
	for _, each := range running {
		<-each.ended
	}
	if !errors.Is(err, errDone) {
		t.Fatal(err)
	}
	if err := errors.Join(a.err, b.err); err != nil {
		t.Fatal(err)
	}
}

var errDone = errors.New("roll back, all was seen")

// open is a gate that everyone passes.
func open() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}
