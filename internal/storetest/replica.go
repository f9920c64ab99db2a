package storetest

import (
	"context"
	"testing"
	"time"

	"orderly/pkg/engine"
	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

// Replica is one process of the service.
type Replica struct {
	DB       *sqldb.DB
	Decider  engine.Decider
	Registry *event.Registry

	ahead time.Duration // of the database's clock
}

// Later returns the replica as it will be after d.
func (r Replica) Later(d time.Duration) Replica {
	r.ahead += d
	return r
}

// Answer is what became of one input.
type Answer struct {
	engine.Decision
	Err error // the refusal
}

// Says lists the names of the answer's events.
func (a Answer) Says() []string {
	var names []string
	for _, e := range a.Events {
		names = append(names, e.Name)
	}
	return names
}

// Do decides inputs in one batch, which must be committed at the first try.
func (r Replica) Do(t testing.TB, bodies ...any) []Answer {
	t.Helper()
	answers, err := r.Try(t.Context(), bodies...)
	if err != nil {
		t.Fatal(err)
	}
	return answers
}

// Tell decides one input, which must not be refused.
func (r Replica) Tell(t testing.TB, body any) Answer {
	t.Helper()
	a := r.Do(t, body)[0]
	if a.Err != nil {
		t.Fatalf("%T was refused: %v", body, a.Err)
	}
	return a
}

// Commit runs a batch as the engine does, again and again while its failure
// says nothing about the inputs. It returns these failures too.
func (r Replica) Commit(ctx context.Context, bodies ...any) (answers []Answer, failures []error, err error) {
	return r.commit(ctx, straight, bodies)
}

// Try runs a batch in one transaction, once.
func (r Replica) Try(ctx context.Context, bodies ...any) ([]Answer, error) {
	return r.try(ctx, straight, bodies)
}

// gate is passed before each step of a transaction: load, save, commit.
type gate func(ctx context.Context, tx *sqldb.Tx) error

func straight(context.Context, *sqldb.Tx) error { return nil }

// commit is Commit with a gate, which only the first run passes.
func (r Replica) commit(ctx context.Context, pass gate, bodies []any) (answers []Answer, failures []error, err error) {
	for {
		answers, err = r.try(ctx, pass, bodies)
		if err == nil || !r.DB.Retryable(err) {
			return answers, failures, err
		}
		failures, pass = append(failures, err), straight
	}
}

func (r Replica) try(ctx context.Context, pass gate, bodies []any) ([]Answer, error) {
	inputs, err := r.inputs(bodies)
	if err != nil {
		return nil, err
	}
	answers := make([]Answer, len(inputs))
	var state engine.State
	err = r.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		if err := pass(ctx, tx); err != nil {
			return err
		}
		if state, err = r.Decider.Load(ctx, tx, inputs); err != nil {
			return err
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		now = now.Add(r.ahead)
		for i, in := range inputs {
			answers[i].Decision, answers[i].Err = state.Decide(ctx, now, in)
			if err := r.seal(answers[i].Events, in, now); err != nil {
				return err
			}
		}
		if err := pass(ctx, tx); err != nil {
			return err
		}
		if err := state.Save(ctx, tx); err != nil {
			return err
		}
		if err := tx.Send(ctx); err != nil { // or Save would be a part of the commit
			return err
		}
		return pass(ctx, tx)
	})
	if err != nil {
		return nil, err
	}
	state.Committed()
	return answers, nil
}
