package engine

import (
	"context"
	"sync/atomic"
	"time"
)

// Timer turns the time into inputs: Due is asked at Start and then every so
// often, and what it returns is decided like anything else. It is not asked
// again before all of it was. Several replicas may be told the same: the
// decider has to look, in the loaded row, whether it is still due.
type Timer struct {
	Every time.Duration
	// Due returns the bodies of the inputs that are due. It runs outside the
	// engine's transaction. An error is logged; what comes with it is decided all the
	// same.
	Due func(ctx context.Context) ([]any, error)
}

func (e *Engine) tick(t Timer, asking *atomic.Pointer[time.Time]) {
	ticker := time.NewTicker(t.Every)
	defer ticker.Stop()
	for {
		e.tickOnce(t, asking)
		select {
		case <-e.stopping:
			return
		default:
		}
		select {
		case <-ticker.C:
		case <-e.stopping:
			return
		}
	}
}

func (e *Engine) tickOnce(t Timer, asking *atomic.Pointer[time.Time]) {
	ctx, cancel := context.WithTimeout(e.ctx, e.cfg.TransactionTimeout)
	defer cancel()
	began := time.Now()
	asking.Store(&began)
	var bodies []any
	err := caught(func() (err error) {
		bodies, err = t.Due(ctx)
		return err
	})
	asking.Store(nil)
	if err != nil {
		e.log.Warn("cannot tell all that is due, asking again", errorFields(err)...)
	}
	done := newGauge()
	done.add(len(bodies))
	for _, body := range bodies {
		if err := e.submit(e.ctx, &Input{Body: body, owed: []owner{done}}); err != nil {
			done.add(-1)
		}
	}
	done.wait(e.ctx)
}
