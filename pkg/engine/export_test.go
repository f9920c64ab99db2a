package engine

// InHand is how many inputs were taken in and are not settled.
func (e *Engine) InHand() int {
	e.inHand.mu.Lock()
	defer e.inHand.mu.Unlock()
	return e.inHand.n
}
