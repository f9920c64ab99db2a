package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"
)

const callMaxPause = 5 * time.Second

// calls is the stage of concurrent outside calls between the transaction of an
// intent and that of its outcome.
type calls struct {
	e     *Engine
	slots chan struct{}

	mu      sync.Mutex          // guards flights
	flights map[string][]*Input // calls under way and who waits for them, by key
}

func newCalls(e *Engine) *calls {
	return &calls{e: e, slots: make(chan struct{}, e.cfg.MaxCalls), flights: make(map[string][]*Input)}
}

// start makes a call, or joins the input to one that is under way with the
// same key. How many wait for a slot is bounded by what the readers may have
// in hand.
func (c *calls) start(in *Input, call *Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	waiting, joins := c.flights[call.Key]
	c.flights[call.Key] = append(waiting, in)
	if joins {
		return
	}
	c.e.background.Go(func() { c.run(call) })
}

func (c *calls) run(call *Call) {
	ctx := c.e.ctx
	select {
	case c.slots <- struct{}{}:
	case <-ctx.Done():
		giveUp(c.land(call.Key), ctx.Err())
		return
	}
	body, err := c.untilKnown(ctx, call)
	<-c.slots
	inputs := c.land(call.Key)
	if errors.Is(err, errWaiting) || ctx.Err() != nil && err != nil {
		giveUp(inputs, err)
		return
	}
	for _, in := range inputs {
		in.Body, in.outcome, in.failure = body, true, err
	}
	for _, g := range split(inputs, c.e.cfg) {
		if !c.e.intake.putAgain(g) {
			giveUp(g.inputs, ErrStopped)
		}
	}
}

// untilKnown makes the call until it has an answer. The only error that it
// returns while the engine runs is a definite refusal; a clean stop does not
// wait for another attempt.
func (c *calls) untilKnown(ctx context.Context, call *Call) (any, error) {
	for attempt := 1; ; attempt++ {
		var body any
		err := caught(func() (err error) {
			body, err = call.Do(ctx)
			return err
		})
		if err == nil {
			return body, nil
		}
		var never *neverError
		if errors.As(err, &never) || ctx.Err() != nil {
			return nil, fmt.Errorf("call %s: %w", call.Key, err)
		}
		var panicked *PanicError
		if attempt&(attempt-1) == 0 || errors.As(err, &panicked) { // seldom, but not only once
			fields := append(errorFields(err), zap.String("key", call.Key), zap.Int("attempt", attempt))
			c.e.log.Warn("outcome of a call is unknown, calling again", fields...)
		}
		select {
		case <-time.After(jittered(grow(c.e.cfg.CallPause, attempt, callMaxPause))):
		case <-c.e.stopping:
			return nil, fmt.Errorf("call %s: %w", call.Key, errWaiting)
		}
	}
}

// land ends a flight: whoever asks for the same call from now on makes it
// again.
func (c *calls) land(key string) []*Input {
	c.mu.Lock()
	defer c.mu.Unlock()
	inputs := c.flights[key]
	delete(c.flights, key)
	return inputs
}
