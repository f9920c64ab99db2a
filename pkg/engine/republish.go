package engine

import (
	"context"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"
	"golang.org/x/sync/semaphore"

	"orderly/pkg/sqldb"
)

// Republish publishes letters that are dead once more, under their old ids: after
// a loss of the stream it then holds what the table does. Whoever reads the stream
// tells copies by dlq-id. It returns an outcome for each id, in their order; one
// that the broker did not take, or that could not be written down afterwards, has
// failed and may be published again.
func (d *DeadLetters) Republish(ctx context.Context, act Act, ids ...string) ([]LetterResult, error) {
	if err := act.validate(false); err != nil {
		return nil, err
	}
	if d.e.cfg.JetStream == nil {
		return nil, fmt.Errorf("republish dead letters: the engine has no JetStream")
	}
	letters, err := d.load(ctx, ids)
	if err != nil {
		return nil, err
	}
	results := make([]LetterResult, len(ids))
	room := semaphore.NewWeighted(burying)
	var all sync.WaitGroup
	for i, id := range ids {
		results[i] = LetterResult{ID: id, Outcome: OutcomeUnknown}
		l, known := letters[id]
		switch {
		case !known:
			continue
		case l.State != LetterDead:
			results[i].Outcome, results[i].Detail = OutcomeAlready, "it is "+string(l.State)
			continue
		case room.Acquire(ctx, 1) != nil:
			results[i].Outcome, results[i].Detail = OutcomeFailed, ctx.Err().Error()
			continue
		}
		all.Go(func() {
			defer room.Release(1)
			results[i].Outcome = OutcomePublished
			if err := d.publish(ctx, l); err != nil {
				results[i].Outcome, results[i].Detail = OutcomeFailed, err.Error()
			}
		})
	}
	all.Wait()
	d.republished(ctx, act, results)
	return results, nil
}

// republished writes down who had letters published, and what came of it.
func (d *DeadLetters) republished(ctx context.Context, act Act, results []LetterResult) {
	err := d.e.inTx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		var actions [][]any
		for _, r := range results {
			if r.Outcome == OutcomePublished || r.Outcome == OutcomeFailed {
				actions = append(actions, actionRow(r.ID, now, actionRepublish, act, r.Outcome, r.Detail))
			}
		}
		return tx.Insert(actionsTable, actionColumns, actions)
	})
	if err == nil {
		return
	}
	for i := range results {
		if results[i].Outcome == OutcomePublished {
			results[i].Outcome = OutcomeFailed
			results[i].Detail = "published, but who did so could not be written down, publish it again: " + err.Error()
		}
	}
}

func (d *DeadLetters) publish(ctx context.Context, l *Letter) error {
	ctx, cancel := context.WithTimeout(ctx, publishTry)
	defer cancel()
	m := l.publication()
	_, err := d.e.cfg.JetStream.PublishMsg(ctx, &nats.Msg{Subject: m.Subject, Header: nats.Header(m.Header), Data: m.Data})
	return err
}
