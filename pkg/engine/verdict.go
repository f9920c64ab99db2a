package engine

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// ErrBusy answers a command that could not be decided in time: the caller may
// repeat it.
var ErrBusy = errors.New("the service is busy or its database is away")

// ErrStopped answers a command that came after Stop, or that Stop did not wait
// for.
var ErrStopped = errors.New("the service is stopping")

// Never marks an error that trying again will not change: the input goes to
// the dead letters at once. Never(nil) is nil.
func Never(err error) error {
	if err == nil {
		return nil
	}
	return &neverError{err}
}

type neverError struct{ err error }

func (e *neverError) Error() string { return e.err.Error() }
func (e *neverError) Unwrap() error { return e.err }

// NotYet marks an error that is not the input's fault: it is decided again
// after the pause, and no attempt is counted.
func NotYet(pause time.Duration, err error) error {
	return &notYetError{pause: pause, err: err}
}

type notYetError struct {
	pause time.Duration
	err   error
}

func (e *notYetError) Error() string { return e.err.Error() }
func (e *notYetError) Unwrap() error { return e.err }

// PanicError is a panic of a decider or handler, caught.
type PanicError struct {
	Value any
	Stack []byte
}

// Error gives the panic's value; the stack is in the field.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// caught runs fn and turns a panic into a PanicError.
func caught(fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	return fn()
}

// kind names an error for the dead letters.
func kind(err error) string {
	var panicked *PanicError
	var never *neverError
	switch {
	case errors.Is(err, errUndecodable):
		return "undecodable"
	case errors.Is(err, errKilledProcess):
		return "killed_process"
	case errors.As(err, &panicked):
		return "panic"
	case errors.As(err, &never):
		return "refused"
	}
	return "attempts_exhausted"
}
