package event

import "errors"

var (
	// ErrUnknown means that no contract of that name and version is registered.
	ErrUnknown = errors.New("unknown event")
	// ErrInvalid means that an event breaks its contract or lacks an attribute
	// that it must have. Trying again does not help.
	ErrInvalid = errors.New("invalid event")
	// ErrTooLarge means that an event does not fit into [MaxMessage].
	ErrTooLarge = errors.New("event too large")
	// ErrUnreadable means that a message is not CloudEvents as this package
	// reads it, so that not even its events can be told apart.
	ErrUnreadable = errors.New("unreadable message")
)
