package breaker

import "time"

// State is where a breaker stands.
type State string

// The states.
const (
	Closed   State = "closed"    // calls are made
	Open     State = "open"      // none is
	HalfOpen State = "half_open" // a few probe
)

// Status is what there is to see of a breaker.
type Status struct {
	State State
	// Since is when it closed, or when it opened and has not closed since: the same
	// for open and half open.
	Since time.Time
	// Reason is the failure that opened it, or the last probe's; empty while it is
	// closed.
	Reason string
	// Cause is the same as an error, for errors.Is; nil while it is closed.
	Cause error
	// NextProbe is when calls are let through again, as a try; the last one's time
	// while they are under way; zero while it is closed.
	NextProbe time.Time
	// Waiting is how many calls wait for it.
	Waiting int
	// Succeeded and Failed count calls, Opened how often it has left the state
	// closed, since it was made.
	Succeeded, Failed, Opened uint64
}

// Status returns what there is to see now. That of a nil Breaker is closed.
func (b *Breaker) Status() Status {
	if b == nil {
		return Status{State: Closed}
	}
	b.cb.State() // an end of the pause that nobody has noticed yet is noted
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.status
}
