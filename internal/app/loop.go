package app

import (
	"context"
	"sync/atomic"
	"time"
)

// loop does something again and again, and knows for how long it has been at it.
type loop struct {
	busy atomic.Pointer[time.Time] // since when; nil while it waits
}

// run calls do until ctx ends; what that returns is the pause before the next time.
func (l *loop) run(ctx context.Context, do func(context.Context) (pause time.Duration)) {
	for ctx.Err() == nil {
		began := time.Now()
		l.busy.Store(&began)
		pause := do(ctx)
		l.busy.Store(nil)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// alive is for /livez. A loop that has ended is no reason to end the process.
func (l *loop) alive(context.Context) error {
	if since := l.busy.Load(); since != nil {
		return stalls(time.Since(*since))
	}
	return nil
}
