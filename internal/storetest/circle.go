package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"orderly/pkg/sqldb"
)

// errDone rolls a transaction back that was only for looking.
var errDone = errors.New("roll back, all was seen")

// InCircle runs two batches while a third transaction holds, by the statement
// take with first as its argument, what both need first. Neither may have taken
// what both need second, which the same statement shows: else the two wait for
// each other. It is for PostgreSQL.
func InCircle(t testing.TB, d Database, take string, first, second any, a, b *Actor) {
	t.Helper()
	if err := inCircle(t, d, take, first, second, a, b); err != nil {
		t.Fatal(err)
	}
}

func inCircle(t testing.TB, d Database, take string, first, second any, a, b *Actor) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s := newStage(ctx, t, a, b)
	var running []*Actor
	err := d.Open(t).InTx(ctx, func(queue *sqldb.Tx) error {
		tx, err := queue.SQL(ctx)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, take, first); err != nil {
			return err
		}
		for _, each := range s.actors {
			close(each.proceed) // through every gate
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
		return err
	}
	return errors.Join(a.err, b.err)
}
