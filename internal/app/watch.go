package app

import "sync"

// watchers wakes those who wait for an order to change, in this process.
type watchers struct {
	mu   sync.Mutex // guards byID
	byID map[string]map[chan struct{}]struct{}
}

func newWatchers() *watchers {
	return &watchers{byID: make(map[string]map[chan struct{}]struct{})}
}

// watch returns a channel that gets a value after each change of the order.
// Stop must be called in the end.
func (w *watchers) watch(orderID string) (changed <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byID[orderID] == nil {
		w.byID[orderID] = make(map[chan struct{}]struct{})
	}
	w.byID[orderID][c] = struct{}{}
	return c, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.byID[orderID], c)
		if len(w.byID[orderID]) == 0 {
			delete(w.byID, orderID)
		}
	}
}

func (w *watchers) notify(orderID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.byID[orderID] {
		select {
		case c <- struct{}{}:
		default: // it will look again anyway
		}
	}
}
