package engine

import (
	"sync"
	"time"
)

// paceLimit is for how long the broker may take before the others go on.
const paceLimit = 100 * time.Millisecond

// pace has what is not urgent wait, while something urgent comes, until the broker
// has stored what it said last. Otherwise messages of many batches lie before the
// streams, where nothing can be passed.
type pace struct {
	mu   sync.Mutex    // guards last
	last chan struct{} // closed at the end of the pause; nil if there is none
}

// said begins a pause and returns what ends it early, once all is stored.
func (p *pace) said() (stored func()) {
	pause := make(chan struct{})
	end := sync.OnceFunc(func() { p.end(pause) })
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = pause
	late := time.AfterFunc(paceLimit, end) // it needs mu, so that it finds the pause begun
	return func() { late.Stop(); end() }
}

func (p *pace) end(pause chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == pause {
		p.last = nil
	}
	close(pause)
}

// pause returns what is closed at the end of the pause; nil if there is none.
func (p *pace) pause() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}
