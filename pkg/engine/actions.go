package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"orderly/pkg/sqldb"
)

// Act is who does something about dead letters, and why. It is kept for good.
type Act struct {
	By  string // who, in at most 64 characters; required
	Why string // in at most 500 characters; required to discard
}

// ErrAct refuses an [Act] that does not say enough, or too much.
var ErrAct = errors.New("an action needs who does it and why")

const (
	maxBy  = 64  // characters
	maxWhy = 500 // characters
)

func (a Act) validate(discards bool) error {
	switch {
	case strings.TrimSpace(a.By) == "":
		return fmt.Errorf("%w: By is empty", ErrAct)
	case discards && strings.TrimSpace(a.Why) == "":
		return fmt.Errorf("%w: Why is empty, and what is discarded is not handled", ErrAct)
	case utf8.RuneCountInString(a.By) > maxBy || utf8.RuneCountInString(a.Why) > maxWhy:
		return fmt.Errorf("%w: By has at most %d characters and Why %d", ErrAct, maxBy, maxWhy)
	}
	return nil
}

// LetterAction is what somebody did about a dead letter.
type LetterAction struct {
	At      time.Time
	Action  string // replay, discard, republish
	By, Why string
	Outcome LetterOutcome
	Detail  string
}

// LetterOutcome is what came of an action for one letter.
type LetterOutcome string

const (
	// OutcomeReplayed means that the letter has had its effect.
	OutcomeReplayed LetterOutcome = "replayed"
	// OutcomeCalling means that the effect is committed, and an outside call
	// is under way, whose own outcome follows.
	OutcomeCalling LetterOutcome = "calling"
	// OutcomeFailed means that the letter is as dead as before.
	OutcomeFailed LetterOutcome = "failed"
	// OutcomeDiscarded means that it will have no effect.
	OutcomeDiscarded LetterOutcome = "discarded"
	// OutcomePublished means that the letter is on its stream once more.
	OutcomePublished LetterOutcome = "published"
	// OutcomeAlready means that the letter was not dead any more: somebody else
	// was faster, and nothing was done.
	OutcomeAlready LetterOutcome = "already"
	// OutcomeUnknown means that there is no such letter.
	OutcomeUnknown LetterOutcome = "unknown"
	// OutcomePending means that nobody waited for the outcome: ask for the
	// letter later.
	OutcomePending LetterOutcome = "pending"
	// OutcomeWould means that a replay would succeed now.
	OutcomeWould LetterOutcome = "would_replay"
	// outcomeBegun is of a replay that may be the process's end.
	outcomeBegun LetterOutcome = "begun"
)

// LetterResult is the outcome for one of several letters.
type LetterResult struct {
	ID      string
	Outcome LetterOutcome
	Detail  string // for a person
}

const actionsTable = "engine_letter_actions"

var actionColumns = []sqldb.Column{
	{Name: "letter_id", Type: sqldb.UUID},
	{Name: "id", Type: sqldb.UUID},
	{Name: "at", Type: sqldb.Time},
	{Name: "action", Type: sqldb.Text},
	{Name: "actor", Type: sqldb.Text},
	{Name: "reason", Type: sqldb.Text},
	{Name: "outcome", Type: sqldb.Text},
	{Name: "detail", Type: sqldb.Text},
}

const (
	actionReplay    = "replay"
	actionDiscard   = "discard"
	actionRepublish = "republish"
)

func actionRow(letter string, now time.Time, action string, a Act, outcome LetterOutcome, detail string) []any {
	return []any{letter, actionID(), now, action, clean(a.By), clean(a.Why), string(outcome), clean(detail)}
}

// actionID sorts by the time of this process, which is near enough to the
// database's.
func actionID() string {
	id, err := uuid.NewV7()
	if err != nil { // no randomness: any id that is not taken will do
		return uuid.NewString()
	}
	return id.String()
}

func (d *DeadLetters) actions(ctx context.Context, letter string) ([]LetterAction, error) {
	rows, err := d.e.cfg.DB.Reader().QueryContext(ctx, "SELECT at, action, actor, reason, outcome, detail FROM "+actionsTable+
		" WHERE letter_id = $1 ORDER BY id LIMIT "+strconv.Itoa(maxActions), letter)
	if err != nil {
		return nil, fmt.Errorf("read what was done about a dead letter: %w", err)
	}
	defer rows.Close()
	var found []LetterAction
	for rows.Next() {
		var a LetterAction
		if err := rows.Scan(sqldb.ScanTime(&a.At), &a.Action, &a.By, &a.Why, &a.Outcome, &a.Detail); err != nil {
			return nil, fmt.Errorf("read what was done about a dead letter: %w", err)
		}
		found = append(found, a)
	}
	return found, rows.Err()
}

// Discard gives letters up: nobody handles them, unless their event comes again by
// itself, and they stay in the table with who decided so and why. It returns an
// outcome for each id, in their order; an error means that nothing was done.
func (d *DeadLetters) Discard(ctx context.Context, act Act, ids ...string) ([]LetterResult, error) {
	if err := act.validate(true); err != nil {
		return nil, err
	}
	results := make([]LetterResult, len(ids))
	err := d.e.inTx(ctx, func(ctx context.Context, tx *sqldb.Tx) error {
		states, err := d.lock(ctx, tx, ids)
		if err != nil {
			return err
		}
		now, err := tx.Now(ctx)
		if err != nil {
			return err
		}
		var changed, actions [][]any
		for i, id := range ids {
			results[i] = LetterResult{ID: id}
			switch state, known := states[id]; {
			case !known:
				results[i].Outcome = OutcomeUnknown
			case state != LetterDead:
				results[i].Outcome, results[i].Detail = OutcomeAlready, "it is "+string(state)
			default:
				states[id] = LetterDiscarded // should the id be given twice
				results[i].Outcome = OutcomeDiscarded
				changed = append(changed, []any{id, string(LetterDiscarded), now})
				actions = append(actions, actionRow(id, now, actionDiscard, act, OutcomeDiscarded, ""))
			}
		}
		if err := tx.Update(lettersTable, []sqldb.Column{failureID}, stateSet, changed); err != nil {
			return err
		}
		return tx.Insert(actionsTable, actionColumns, actions)
	})
	if err != nil {
		return nil, fmt.Errorf("discard dead letters: %w", err)
	}
	return results, nil
}

var stateSet = []sqldb.Column{{Name: "state", Type: sqldb.Text}, {Name: "changed_at", Type: sqldb.Time}}

// lock locks letters and returns their states, by id.
func (d *DeadLetters) lock(ctx context.Context, tx *sqldb.Tx, ids []string) (map[string]LetterState, error) {
	states := make(map[string]LetterState, len(ids))
	var known []string
	for _, id := range ids {
		if IsLetterID(id) {
			known = append(known, id)
		}
	}
	in, arg := d.e.cfg.DB.In(failureID, 1, known)
	tx.Query("lock dead letters", "SELECT id, handler, state FROM "+lettersTable+" WHERE "+in+" ORDER BY id"+d.e.cfg.DB.Lock(), func(row sqldb.Row) error {
		var id, handler string
		var state LetterState
		err := row.Scan(&id, &handler, &state)
		if handler == d.e.cfg.Name {
			states[id] = state
		}
		return err
	}, arg)
	return states, tx.Send(ctx)
}

// inTx runs a transaction beside the loop, again where an error says nothing
// about what it does.
func (e *Engine) inTx(ctx context.Context, fn func(context.Context, *sqldb.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, e.cfg.TransactionTimeout)
	defer cancel()
	for n := 1; ; n++ {
		err := e.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error { return fn(ctx, tx) })
		if err == nil || ctx.Err() != nil || !e.cfg.DB.Retryable(err) {
			return err
		}
		select {
		case <-time.After(jittered(grow(rerunPause, n, rerunMaxPause))):
		case <-ctx.Done():
			return err
		}
	}
}
