package engine_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"orderly/pkg/engine"
	"orderly/pkg/event"
)

// A message that could not be handled, and what an operator does about it.
func ExampleDeadLetters() {
	place, err := openPlace()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer place.close()
	var paper atomic.Bool
	ticket := engine.Handle("seats.taken", func(_ context.Context, _ *sql.Tx, s Seat) ([]event.Event, error) {
		if !paper.Load() {
			return nil, errors.New("the printer has no paper")
		}
		fmt.Println("ticket for", s.Guest)
		return nil, nil
	}).Retry(2, time.Millisecond)
	handlers, err := engine.Handlers("tickets", place.db, place.registry, ticket)
	if err != nil {
		fmt.Println(err)
		return
	}
	printer, err := engine.New(engine.Config{
		Name: "tickets", DB: place.db, Decider: handlers, JetStream: place.js, Registry: place.registry,
		Consumers: []engine.Consumer{{Stream: "SEATS", Name: "tickets"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := printer.Start(); err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	seat := event.Event{ID: "1", Source: "/box-office", Name: "seats.taken", Subject: "C7", Payload: Seat{"C7", "Ann"}}
	if err := place.publish(ctx, seat); err != nil {
		fmt.Println(err)
	}
	letters := printer.DeadLetters()
	var dead []engine.Letter
	for len(dead) == 0 && err == nil {
		dead, err = letters.List(ctx, engine.LetterFilter{})
	}
	for _, l := range dead {
		fmt.Println(l.Kind, l.Attempts, l.Error)
		by := engine.Act{By: "ann", Why: "paper is in"}
		fmt.Println(outcome(letters.Replay(ctx, by, l.ID)))
		paper.Store(true)
		fmt.Println(outcome(letters.Rehearse(ctx, l.ID)))
		fmt.Println(outcome(letters.Replay(ctx, by, l.ID)))
		fmt.Println(outcome(letters.Replay(ctx, by, l.ID)))
	}
	fmt.Println(printer.Stop(ctx))
	// Output:
	// attempts_exhausted 2 the printer has no paper
	// failed <nil>
	// ticket for Ann
	// would_replay <nil>
	// ticket for Ann
	// replayed <nil>
	// already <nil>
	// <nil>
}

func outcome(results []engine.LetterResult, err error) (engine.LetterOutcome, error) {
	if err != nil {
		return "", err
	}
	return results[0].Outcome, nil
}
