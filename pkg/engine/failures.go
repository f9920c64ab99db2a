package engine

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

// action is what is done about an input after its transaction.
type action int

const (
	settle action = iota // handled, or refused for good: acknowledge
	again                // decide again after a pause
	bury                 // publish its dead letter, then terminate the original
	parked               // is a dead letter already, and still refused: acknowledge
)

func (a action) String() string {
	return [...]string{"refused", "again", "dead letter", "parked"}[a]
}

// verdict is what became of a refused input.
type verdict struct {
	action action
	pause  time.Duration
	letter *Letter
	kept   bool // the letter is a row already, and as dead
	anew   bool // it is one that had been handled since
}

// failures counts attempts and keeps dead letters, in tables that nothing but
// failures touches.
type failures struct {
	handler string
	db      *sqldb.DB
	policy  func(*Input) policy
	known   atomic.Pointer[map[string]string] // dead letters that may be handled after all: id by cause
}

const (
	attemptsTable = "engine_attempts"
	lettersTable  = "engine_dead_letters"
)

var (
	failureID   = sqldb.Column{Name: "id", Type: sqldb.UUID}
	attemptKeys = []sqldb.Column{failureID}
	attemptSet  = []sqldb.Column{
		{Name: "attempts", Type: sqldb.Int},
		{Name: "last_at", Type: sqldb.Time},
		{Name: "error", Type: sqldb.Text},
		{Name: "history", Type: sqldb.Text},
	}
	attemptColumns = []sqldb.Column{
		failureID,
		{Name: "attempts", Type: sqldb.Int},
		{Name: "last_at", Type: sqldb.Time},
		{Name: "error", Type: sqldb.Text},
		{Name: "history", Type: sqldb.Text},
		{Name: "handler", Type: sqldb.Text},
		{Name: "event_id", Type: sqldb.Text},
		{Name: "first_at", Type: sqldb.Time},
	}
	letterColumns = []sqldb.Column{
		failureID,
		{Name: "handler", Type: sqldb.Text},
		{Name: "consumer", Type: sqldb.Text},
		{Name: "event_id", Type: sqldb.Text},
		{Name: "event_type", Type: sqldb.Text},
		{Name: "event_key", Type: sqldb.Text},
		{Name: "kind", Type: sqldb.Text},
		{Name: "error", Type: sqldb.Text},
		{Name: "attempts", Type: sqldb.Int},
		{Name: "first_at", Type: sqldb.Time},
		{Name: "dead_at", Type: sqldb.Time},
		{Name: "subject", Type: sqldb.Text},
		{Name: "headers", Type: sqldb.Text},
		{Name: "data", Type: sqldb.Text},
		{Name: "state", Type: sqldb.Text},
		{Name: "changed_at", Type: sqldb.Time},
		{Name: "correlation_id", Type: sqldb.Text},
		{Name: "history", Type: sqldb.Text},
	}
)

// attempt is a row of the attempts table.
type attempt struct {
	n       int
	firstAt time.Time
	history history
	counted bool        // it is a row
	letter  LetterState // of the event's dead letter, empty if it has none
}

// save gives every refused input its verdict and writes down what that needs.
// A batch without failures costs no statement.
func (f *failures) save(ctx context.Context, tx *sqldb.Tx, now time.Time, r *result) error {
	if err := f.saveReplays(tx, now, r); err != nil {
		return err
	}
	f.resolve(tx, now, r)
	failed := f.failed(r)
	forgotten := f.handled(r)
	if len(failed) == 0 {
		return f.forget(tx, forgotten)
	}
	known, err := f.load(ctx, tx, r, failed)
	if err != nil {
		return err
	}
	var added, changed, letters, revived [][]any
	judged := make(map[string]verdict, len(failed))
	for _, i := range failed {
		in, id := r.inputs[i], f.id(r.inputs[i])
		if same, twice := judged[id]; twice {
			r.verdict[i] = same.shared()
			continue
		}
		row := known[id]
		r.verdict[i] = f.judge(in, r.refused[i], row, now)
		judged[id] = r.verdict[i]
		switch v := &r.verdict[i]; {
		case v.action == bury && v.anew:
			revived = append(revived, v.letter.revival())
			forgotten = append(forgotten, id)
		case v.action == bury && !v.kept:
			letters = append(letters, v.letter.row())
			forgotten = append(forgotten, id)
		case v.action == again && in.attempts > row.n:
			text := clean(describe(r.refused[i]))
			all := row.history.with(now, text).text()
			if row.counted {
				changed = append(changed, []any{id, in.attempts, now, text, all})
			} else {
				added = append(added, []any{id, in.attempts, now, text, all, f.handler, in.cause, now})
			}
		}
	}
	if err := tx.Insert(attemptsTable, attemptColumns, added); err != nil {
		return fmt.Errorf("count attempts: %w", err)
	}
	if err := tx.Update(attemptsTable, attemptKeys, attemptSet, changed); err != nil {
		return fmt.Errorf("count attempts: %w", err)
	}
	if err := tx.Insert(lettersTable, letterColumns, letters); err != nil {
		return fmt.Errorf("keep dead letters: %w", err)
	}
	if err := tx.Update(lettersTable, attemptKeys, revivedSet, revived); err != nil {
		return fmt.Errorf("keep dead letters: %w", err)
	}
	return f.forget(tx, forgotten)
}

// shared is the verdict of a second input that stands for the same event, such
// as the outcome of its call.
func (v verdict) shared() verdict {
	if v.action == bury {
		return verdict{action: parked}
	}
	return v
}

// failed returns the positions of refused events. Commands and ticks have
// their answer, and nothing is kept of them.
func (f *failures) failed(r *result) []int {
	var out []int
	for i, err := range r.refused {
		if err != nil && r.inputs[i].letter != nil {
			out = append(out, i)
		}
	}
	return out
}

func (f *failures) id(in *Input) string { return event.DeriveID(in.cause, f.handler) }

// load locks the counts, so that no replica's attempt is lost. It looks for
// letters afterwards: a count that went meanwhile may have become one.
func (f *failures) load(ctx context.Context, tx *sqldb.Tx, r *result, failed []int) (map[string]attempt, error) {
	ids := make([]string, len(failed))
	for k, i := range failed {
		ids[k] = f.id(r.inputs[i])
	}
	known := make(map[string]attempt)
	in, arg := f.db.In(failureID, 1, ids)
	f.read(tx, known, `SELECT id, attempts, first_at, history, '' FROM `+attemptsTable+` WHERE `+in+` ORDER BY id`+f.db.Lock(), arg)
	f.read(tx, known, `SELECT id, attempts, first_at, history, state FROM `+lettersTable+` WHERE `+in, arg)
	return known, tx.Send(ctx)
}

func (f *failures) read(tx *sqldb.Tx, known map[string]attempt, query string, arg any) {
	tx.Query("load attempts", query, func(row sqldb.Row) error {
		var id string
		var a attempt
		if err := row.Scan(&id, &a.n, sqldb.ScanTime(&a.firstAt), &a.history, &a.letter); err != nil {
			return err
		}
		a.counted = a.letter == ""
		if before, ok := known[id]; ok || a.letter.over() { // what counts began after the letter
			before.letter = a.letter
			a = before
		}
		known[id] = a
		return nil
	}, arg)
}

// judge turns an error into a verdict. What is a dead letter already was decided
// again nevertheless, for it may have been mended meanwhile. If it was not, no
// attempt is counted and no second letter made; only the letter's message may be
// missing, if this is not the first time that the input is here. An event whose
// letter was handled since begins anew, and its letter may be dead again.
func (f *failures) judge(in *Input, err error, before attempt, now time.Time) verdict {
	var notYet *notYetError
	var never *neverError
	switch {
	case before.letter == LetterDead && in.letter.again:
		return verdict{action: bury, letter: f.letter(in, err, before.n, before, now), kept: true}
	case before.letter != "" && !before.letter.over():
		return verdict{action: parked}
	case errors.As(err, &notYet):
		return verdict{action: again, pause: notYet.pause}
	case errors.As(err, &never):
	default:
		in.attempts = before.n + 1
		if p := f.policy(in); in.attempts < p.attempts {
			return verdict{action: again, pause: jittered(grow(p.pause, in.attempts, maxRetryPause))}
		}
	}
	in.letter.again = true // should the answer of this COMMIT be lost
	return verdict{action: bury, letter: f.letter(in, err, max(in.attempts, before.n, 1), before, now), anew: before.letter != ""}
}

// handled returns the ids of inputs that were handled in the end.
func (f *failures) handled(r *result) []any {
	var ids []any
	for i, in := range r.inputs {
		if r.refused[i] == nil && in.letter != nil && (in.attempts > 0 || in.letter.again) {
			ids = append(ids, f.id(in))
		}
	}
	return ids
}

// forget deletes attempts that nobody needs to know any more.
func (f *failures) forget(tx *sqldb.Tx, ids []any) error {
	return tx.Delete(attemptsTable, failureID, ids)
}
