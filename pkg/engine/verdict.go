package engine

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"go.uber.org/zap"
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

// isPanic reports whether err is a panic that was caught.
func isPanic(err error) bool {
	if err == nil {
		return false
	}
	var p *PanicError
	return errors.As(err, &p)
}

// errorFields is err as fields of a log entry, with the stack if it is a panic.
func errorFields(err error) []zap.Field {
	fields := []zap.Field{zap.Error(err)}
	var panicked *PanicError
	if errors.As(err, &panicked) {
		fields = append(fields, zap.ByteString("stack", panicked.Stack))
	}
	return fields
}

// describe is err for the dead letters: of a panic, with where it happened.
func describe(err error) string {
	var panicked *PanicError
	if !errors.As(err, &panicked) {
		return err.Error()
	}
	return err.Error() + "\n" + panicked.top()
}

// top returns the frames of the stack that are nearest to the panic.
func (e *PanicError) top() string {
	const lines = 8 // two a frame
	stack := strings.Split(strings.TrimSpace(string(e.Stack)), "\n")
	for i, line := range stack {
		if strings.HasPrefix(line, "panic(") {
			stack = stack[min(i+2, len(stack)):]
			break
		}
	}
	return strings.Join(stack[:min(lines, len(stack))], "\n")
}

// The kinds of dead letters.
const (
	kindUndecodable = "undecodable"
	kindRefused     = "refused"
	kindExhausted   = "attempts_exhausted"
	kindPanic       = "panic"
	kindKilled      = "killed_process"
)

// LetterKinds returns why a letter can be dead, in a word each: the message could
// not be read, its handler refused it for good, it failed as often as it may, its
// handler panicked, or it seems to end the process.
func LetterKinds() []string {
	return []string{kindUndecodable, kindRefused, kindExhausted, kindPanic, kindKilled}
}

// kind names an error for the dead letters.
func kind(err error) string {
	var never *neverError
	switch {
	case errors.Is(err, errUndecodable):
		return kindUndecodable
	case errors.Is(err, errKilledProcess):
		return kindKilled
	case isPanic(err):
		return kindPanic
	case errors.As(err, &never):
		return kindRefused
	}
	return kindExhausted
}
