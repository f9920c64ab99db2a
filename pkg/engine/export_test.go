package engine

import "time"

// InHand is how many inputs were taken in and are not settled.
func (e *Engine) InHand() int { return e.inHand.count() }

// Waiting is how many events wait for the outcome of a call.
func (e *Engine) Waiting(key string) int {
	e.calls.mu.Lock()
	defer e.calls.mu.Unlock()
	n := 0
	if f := e.calls.flights[key]; f != nil {
		for _, in := range f.inputs {
			n += len(in.owed) / 2 // its message and the engine's count
		}
	}
	return n
}

// Rebind binds the first consumer anew.
func (e *Engine) Rebind() { e.readers[0].rebind() }

// LookAgainAfter sets how long an event of a newer version waits for its next turn.
// It must be called before Start.
func (e *Engine) LookAgainAfter(pause time.Duration) { e.newerPause = pause }

// Held is how many events the first consumer counts as in hand.
func (e *Engine) Held() int {
	r := e.readers[0]
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.inHand
}
