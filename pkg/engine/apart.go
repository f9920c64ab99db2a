package engine

import (
	"context"
	"errors"
	"fmt"

	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

// errPack is of a letter that is a pack as a whole.
var errPack = errors.New("it holds several events")

// takeApart replays a pack that was buried unread, and can be read today: its
// events become letters of their own, which are replayed one by one.
func (d *DeadLetters) takeApart(ctx context.Context, template replay, pack *Letter, events []event.Result) LetterResult {
	result := LetterResult{ID: pack.ID}
	if template.dry {
		result.Outcome, result.Detail = OutcomeWould, fmt.Sprintf("it would become %d letters, one for each of its events", len(events))
		return result
	}
	parts := make([]*Letter, len(events))
	ids := make([]string, len(events))
	for i := range events {
		parts[i] = d.part(pack, &events[i])
		ids[i] = parts[i].ID
	}
	state, err := d.keepParts(ctx, template.act, pack, parts)
	switch {
	case err != nil:
		result.Outcome, result.Detail = OutcomeFailed, err.Error()
		return result
	case state != LetterDead:
		result.Outcome, result.Detail = OutcomeAlready, "it is "+string(state)
		return result
	}
	results, err := d.replay(ctx, template, ids)
	dead := 0
	for _, r := range results {
		if r.Outcome == OutcomeFailed || r.Outcome == OutcomePending {
			dead++
		}
	}
	result.Outcome = OutcomeReplayed
	result.Detail = fmt.Sprintf("it was taken apart into %d letters, one for each of its events; %d of them are not replayed", len(events), dead)
	if err != nil {
		result.Detail += ": " + err.Error()
	}
	return result
}

// part is the letter of one event of a pack.
func (d *DeadLetters) part(pack *Letter, r *event.Result) *Letter {
	ev := &r.Event
	l := *pack
	l.Message = event.Alone(*ev, pack.Message.Subject)
	cause := ev.ID
	if r.Err != nil { // its id is not to be trusted
		cause = digest(l.Message)
	}
	l.ID = event.DeriveID(cause, pack.Handler)
	l.EventID, l.Type, l.Key, l.CorrelationID = ev.ID, ev.Type, ev.Subject, ev.CorrelationID
	def(&l.EventID, cause)
	def(&l.CorrelationID, ev.ID)
	return &l
}

// keepParts writes down the letters of a pack's events, but for those that are
// letters already, and with them that the pack is done with. It returns the state
// in which it found the pack, and does nothing unless that is dead.
func (d *DeadLetters) keepParts(ctx context.Context, act Act, pack *Letter, parts []*Letter) (state LetterState, err error) {
	ids := []string{pack.ID}
	for _, p := range parts {
		ids = append(ids, p.ID)
	}
	err = d.e.inTx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		states, err := d.lock(ctx, tx, ids)
		if err != nil {
			return err
		}
		if state = states[pack.ID]; state != LetterDead {
			return nil
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		var rows [][]any
		for _, p := range parts {
			if _, there := states[p.ID]; there {
				continue
			}
			states[p.ID] = LetterDead // the pack may hold it twice
			p.State, p.ChangedAt = LetterDead, now
			rows = append(rows, p.row())
		}
		if err := tx.Insert(lettersTable, letterColumns, rows); err != nil {
			return err
		}
		detail := fmt.Sprintf("taken apart into %d letters", len(parts))
		if err := tx.Insert(actionsTable, actionColumns, [][]any{actionRow(pack.ID, now, actionReplay, act, OutcomeReplayed, detail)}); err != nil {
			return err
		}
		return tx.Update(lettersTable, []sqldb.Column{failureID}, stateSet, [][]any{{pack.ID, string(LetterReplayed), now}})
	})
	if err != nil {
		return "", fmt.Errorf("take a pack apart: %w", err)
	}
	return state, nil
}
