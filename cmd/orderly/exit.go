package main

import (
	"errors"
	"fmt"
	"net/http"

	"orderly/internal/client"
)

// Exit codes.
const (
	exitDone     = 0
	exitFailed   = 1
	exitUsage    = 2
	exitNotFound = 3
	exitRefused  = 4
)

// errReported ends a command that has said already what went wrong.
var errReported = errors.New("already reported")

// errRefused is errReported for what the rules forbid.
var errRefused = fmt.Errorf("%w: refused", errReported)

// usageError is a mistake of whoever typed the command, or wrote its input.
type usageError struct{ cause error }

func (u usageError) Error() string { return u.cause.Error() }
func (u usageError) Unwrap() error { return u.cause }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func exitCode(err error) int {
	var wrong usageError
	var problem *client.Problem
	switch {
	case err == nil, errors.Is(err, errStopped):
		return exitDone
	case errors.As(err, &wrong):
		return exitUsage
	case errors.Is(err, errRefused):
		return exitRefused
	case !errors.As(err, &problem) || !problem.Refused():
		return exitFailed
	case problem.Status == http.StatusNotFound:
		return exitNotFound
	}
	return exitRefused
}
