package engine

import (
	"context"
	"errors"
	"slices"

	"go.uber.org/zap"

	"orderly/pkg/sqldb"
)

const (
	// maxConflicts is how often in a row a batch may meet a key that is there
	// already: another replica that was faster is seen the next time.
	maxConflicts = 4
	// maxTimeouts is how often in a row an input that is alone may take the whole
	// time of a transaction while the database works.
	maxTimeouts = 3
)

// passing reports whether an error says nothing about the inputs.
func (e *Engine) passing(err error) bool {
	return e.cfg.DB.Retryable(err) || errors.Is(err, context.DeadlineExceeded)
}

// strikes counts, each in a row, the two errors that should pass and yet may be
// the inputs' own.
type strikes struct{ conflicts, timeouts int }

// suspect reports whether an error that should pass is to be laid at the inputs'
// door: a key that stays taken, or a transaction without end in a database that
// works. All else, from a missing grant to a full disk, is waited for. A batch
// whose inputs have all failed only has that to write down, and goes on trying.
func (e *Engine) suspect(inputs []*Input, seen *strikes, err error) bool {
	switch {
	case e.cfg.DB.Conflict(err):
		*seen = strikes{conflicts: seen.conflicts + 1}
	case errors.Is(err, context.DeadlineExceeded):
		*seen = strikes{timeouts: seen.timeouts + 1}
	default:
		*seen = strikes{}
	}
	open := slices.ContainsFunc(inputs, func(in *Input) bool { return in.failure == nil })
	switch {
	case !open:
		return false
	case seen.conflicts >= maxConflicts:
		return true
	case seen.timeouts >= maxTimeouts, seen.timeouts > 0 && len(inputs) > 1:
		return e.databaseWorks()
	}
	return false
}

// databaseWorks tries a transaction that has nothing to do with any input.
func (e *Engine) databaseWorks() bool {
	ctx, cancel := context.WithTimeout(e.ctx, e.cfg.TransactionTimeout)
	defer cancel()
	return e.cfg.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		now, err := tx.Now(ctx)
		e.marks.write(tx, probe, now)
		return err
	}) == nil
}

// isolate finds the input that a transaction cannot be committed with: each
// part is loaded and decided again. The input that took all the time, if it is
// known, goes last and alone.
func (e *Engine) isolate(inputs []*Input, slow *Input, err error) {
	if len(inputs) > 1 {
		e.log.Warn("batch rolled back, looking for the input that it fails with", append(errorFields(err), zap.Int("inputs", len(inputs)))...)
		first, second := parts(inputs, slow)
		e.process(first)
		e.process(second)
		return
	}
	in := inputs[0]
	if in.failure != nil { // not even its failure can be written down
		e.log.Error("failure could not be recorded", append(errorFields(err), zap.String("event_id", in.cause), zap.NamedError("failure", in.failure))...)
		giveUp(inputs, err)
		return
	}
	in.failure = err
	e.process(inputs)
}

// parts splits a batch into slow and the others, or in the middle.
func parts(inputs []*Input, slow *Input) (first, second []*Input) {
	if slow == nil {
		half := len(inputs) / 2
		return inputs[:half:half], inputs[half:]
	}
	others := slices.DeleteFunc(slices.Clone(inputs), func(in *Input) bool { return in == slow })
	return others, []*Input{slow}
}
