package engine

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"orderly/pkg/sqldb"
)

// replay is one dead letter that is decided again. It is an owner of the input
// that stands for it.
type replay struct {
	letter  string
	act     Act
	resumes bool // what another process began
	dry     bool // rolled back in the end

	result LetterResult // as the last transaction left it
	done   chan LetterResult
	ended  func(*replay, error) // told once nothing more will be done
}

// resumeAfter is when a replay that did not end is taken for broken off.
const resumeAfter = time.Minute

// claimed is a letter as the transaction that replays it has locked it.
type claimed struct {
	state    LetterState
	changed  time.Time
	attempts int
	kind     string
	cause    string
	history  history
}

// errNothing ends a replay that has changed nothing.
var errNothing = errors.New("nothing was replayed")

// errRehearsed rolls a rehearsal back.
var errRehearsed = errors.New("this was a rehearsal")

func rehearsal(inputs []*Input) bool { return len(inputs[0].replays) > 0 && inputs[0].replays[0].dry }

// rehearsed tells whoever asked what would have come of it.
func rehearsed(inputs []*Input) {
	for _, in := range inputs {
		in.committed(nil, nil)
		in.settled(nil)
	}
}

// committed answers, unless a call's outcome is to come. What leaves the letter as
// it was is over before whoever asked can ask again.
func (rp *replay) committed(any, error) {
	switch rp.result.Outcome {
	case OutcomeCalling:
		return
	case OutcomeReplayed:
	default:
		rp.ended(rp, errNothing)
	}
	rp.answer(rp.result)
}

func (rp *replay) settled(err error) {
	rp.ended(rp, err)
	if err != nil {
		rp.answer(LetterResult{ID: rp.letter, Outcome: OutcomePending, Detail: err.Error()})
	}
}

func (rp *replay) answer(r LetterResult) {
	select {
	case rp.done <- r:
	default: // answered before
	}
}

// claim queues the question for the letters that a batch replays, and locks
// them. A batch without any costs no statement.
func (f *failures) claim(tx *sqldb.Tx, r *result) {
	var ids []string
	for _, in := range r.inputs {
		for _, rp := range in.replays {
			ids = append(ids, rp.letter)
		}
	}
	if len(ids) == 0 {
		return
	}
	r.letters = make(map[string]claimed, len(ids))
	in, arg := f.db.In(failureID, 1, ids)
	tx.Query("lock the dead letters that are replayed", "SELECT id, state, changed_at, attempts, kind, error, history FROM "+lettersTable+" WHERE "+in+" ORDER BY id"+f.db.Lock(), func(row sqldb.Row) error {
		var id string
		var c claimed
		err := row.Scan(&id, &c.state, sqldb.ScanTime(&c.changed), &c.attempts, &c.kind, &c.cause, &c.history)
		r.letters[id] = c
		return err
	}, arg)
}

// claimed refuses an input that is nothing but replays which are too late.
func (f *failures) claimed(r *result, in *Input, now time.Time) error {
	if len(in.replays) == 0 || in.letter != nil {
		return nil
	}
	var late error
	for _, rp := range in.replays {
		if late = rp.late(r.letters[rp.letter], in, now); late == nil {
			return nil
		}
	}
	return late
}

// late returns why the letter is not the replay's to change, nil if it is. The
// outcome of a call is never too late: the call was made.
func (rp *replay) late(c claimed, in *Input, now time.Time) error {
	switch {
	case in.outcome:
		return nil
	case c.state == LetterDead && !rp.resumes:
		return nil
	case c.state == LetterReplaying && now.Sub(c.changed) >= resumeAfter:
		return nil
	case c.state == "":
		return ErrNoLetter
	}
	return fmt.Errorf("it is %s", c.state)
}

var replaySet = []sqldb.Column{
	{Name: "state", Type: sqldb.Text},
	{Name: "changed_at", Type: sqldb.Time},
	{Name: "attempts", Type: sqldb.Int},
	{Name: "kind", Type: sqldb.Text},
	{Name: "error", Type: sqldb.Text},
	{Name: "history", Type: sqldb.Text},
}

// saveReplays gives each letter that was decided again its new state, in the
// transaction of what it led to.
func (f *failures) saveReplays(tx *sqldb.Tx, now time.Time, r *result) error {
	var through, failed, actions [][]any
	for i, in := range r.inputs {
		for _, rp := range in.replays {
			was := r.letters[rp.letter]
			if late := rp.late(was, in, now); late != nil {
				rp.result = LetterResult{ID: rp.letter, Outcome: OutcomeAlready, Detail: late.Error()}
				continue
			}
			is := rp.decided(was, now, r.decided[i], r.refused[i])
			if r.refused[i] == nil {
				through = append(through, []any{rp.letter, string(is.state), now})
			} else {
				failed = append(failed, []any{rp.letter, string(is.state), now, is.attempts, is.kind, is.cause, is.history.text()})
			}
			actions = append(actions, actionRow(rp.letter, now, actionReplay, rp.act, rp.result.Outcome, rp.result.Detail))
		}
	}
	id := []sqldb.Column{failureID}
	err := cmp.Or(
		tx.Update(lettersTable, id, stateSet, through),
		tx.Update(lettersTable, id, replaySet, failed),
		tx.Insert(actionsTable, actionColumns, actions),
	)
	if err != nil {
		return fmt.Errorf("replay dead letters: %w", err)
	}
	return nil
}

// decided sets the result, and returns the letter as it is now. Outputs and calls
// that are not through yet leave it to be finished, by another process if need be.
func (rp *replay) decided(c claimed, now time.Time, d Decision, refused error) claimed {
	rp.result = LetterResult{ID: rp.letter}
	var notYet *notYetError
	switch {
	case refused == nil && d.Call != nil:
		rp.result.Outcome, rp.result.Detail = OutcomeCalling, "call "+d.Call.Key
		c.state = LetterReplaying
	case refused == nil:
		rp.result.Outcome = OutcomeReplayed
		c.state = LetterReplayed
		if len(d.Events) > 0 {
			c.state = LetterReplaying
		}
	case errors.As(refused, &notYet): // not the message's fault: no attempt
		rp.result.Outcome, rp.result.Detail = OutcomeFailed, "not yet: "+refused.Error()
		c.state = LetterDead
	default:
		cause := clean(describe(refused))
		rp.result.Outcome, rp.result.Detail = OutcomeFailed, cause
		c.state, c.attempts, c.kind, c.cause, c.history = LetterDead, c.attempts+1, kind(refused), cause, c.history.with(now, cause)
	}
	if rp.dry && rp.result.Outcome != OutcomeFailed {
		rp.result.Outcome = OutcomeWould
	}
	return c
}

// resolve closes the letters of events that came again by themselves and were
// handled this time. An engine that knows of no dead letter loses no time here.
func (f *failures) resolve(tx *sqldb.Tx, now time.Time, r *result) {
	known := f.known.Load()
	if known == nil || len(*known) == 0 {
		return
	}
	var ids []string
	for i, in := range r.inputs {
		if r.refused[i] != nil || in.letter == nil || len(in.replays) > 0 || r.decided[i].Call != nil {
			continue
		}
		if id, dead := (*known)[in.cause]; dead {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return
	}
	in, arg := f.db.In(failureID, 4, ids)
	free := f.db.Lock() // a replay locks its letter before the rows: who has those already must not wait for it
	if free != "" {
		free += " SKIP LOCKED"
	}
	tx.Exec("close dead letters that were handled", "UPDATE "+lettersTable+" SET state = $1, changed_at = $2 WHERE id IN (SELECT id FROM "+
		lettersTable+" WHERE state = $3 AND "+in+free+")", string(LetterHandled), sqldb.Micros(now), string(LetterDead), arg)
}
