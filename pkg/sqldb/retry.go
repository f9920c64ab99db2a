package sqldb

import (
	"errors"
	"fmt"
)

// Retryable reports whether err, from anything done with this DB, says nothing
// about the input: run the whole transaction again. Such are a lost connection,
// a deadlock, a race for a unique key, a full disk, and a COMMIT whose outcome
// is unknown; the transaction may then have happened, so what is run again must
// be idempotent.
//
// An error of the caller's own context is not retryable: only the caller knows
// what it means. nil is not retryable.
func (db *DB) Retryable(err error) bool {
	fault := db.dialect.Fault(err)
	var commit *commitError
	if errors.As(err, &commit) {
		return fault != Lasting
	}
	return fault == Passing || fault == Conflict
}

// Conflict reports whether err, from anything done with this DB, is about a
// unique key that is there already. It is retryable, because another replica may
// just have added the row; one that stays is the input's fault after all. nil is
// no conflict.
func (db *DB) Conflict(err error) bool { return db.dialect.Fault(err) == Conflict }

// UnknownCommit marks the error of a COMMIT that was sent, because an error that
// is not the database's answer leaves its outcome unknown. Nil stays nil.
func UnknownCommit(err error) error {
	if err == nil {
		return nil
	}
	return &commitError{err}
}

type commitError struct{ err error }

func (e *commitError) Error() string { return fmt.Sprintf("commit: %v", e.err) }

func (e *commitError) Unwrap() error { return e.err }
