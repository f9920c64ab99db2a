package storetest

import (
	"context"
	"sync/atomic"

	"orderly/pkg/sqldb"
)

// stepsOfBatch are load, save and commit.
const stepsOfBatch = 3

// Actor is one of two replicas that each commit one batch at the same time.
type Actor struct {
	Answers  []Answer
	Failures []error // that made the batch run again

	replica Replica
	bodies  []any
	proceed chan struct{} // one for each step
	arrived chan struct{} // at the next gate
	ended   chan struct{}
	stuck   bool         // its last step waits for a lock
	backend atomic.Int64 // PostgreSQL's process that serves it
	err     error
}

// NewActor returns a replica that is to commit the bodies in one batch. Answers
// and Failures are there once the race is over.
func NewActor(r Replica, bodies ...any) *Actor {
	return &Actor{
		replica: r,
		bodies:  bodies,
		proceed: make(chan struct{}),
		arrived: make(chan struct{}, stepsOfBatch),
		ended:   make(chan struct{}),
	}
}

func (a *Actor) run(ctx context.Context) {
	defer close(a.ended)
	a.Answers, a.Failures, a.err = a.replica.commit(ctx, a.gate, a.bodies)
}

func (a *Actor) gate(ctx context.Context, tx *sqldb.Tx) error {
	if a.backend.Load() == 0 {
		var pid int64
		tx.Query("ask for the backend", "SELECT pg_backend_pid()", func(r sqldb.Row) error { return r.Scan(&pid) })
		if err := tx.Send(ctx); err != nil {
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

func (a *Actor) done() bool {
	select {
	case <-a.ended:
		return true
	default:
		return false
	}
}
