package engine

// InHand is how many inputs were taken in and are not settled.
func (e *Engine) InHand() int {
	e.inHand.mu.Lock()
	defer e.inHand.mu.Unlock()
	return e.inHand.n
}

// Waiting is how many inputs wait for the outcome of a call.
func (e *Engine) Waiting(key string) int {
	e.calls.mu.Lock()
	defer e.calls.mu.Unlock()
	return len(e.calls.flights[key])
}
