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

	mu      sync.Mutex // guards flights
	flights map[string]*flight
}

// flight is one call under way and the inputs that wait for its outcome.
type flight struct {
	inputs []*Input
}

func newCalls(e *Engine) *calls {
	return &calls{e: e, slots: make(chan struct{}, e.cfg.MaxCalls), flights: make(map[string]*flight)}
}

// start makes a call, or joins the input to one that is under way with the
// same key. How many wait for a slot is bounded by what the readers may have
// in hand.
func (c *calls) start(in *Input, call *Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f, ok := c.flights[call.Key]; ok {
		f.inputs = append(f.inputs, in)
		return
	}
	c.flights[call.Key] = &flight{inputs: []*Input{in}}
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
	if ctx.Err() != nil && err != nil {
		giveUp(inputs, err)
		return
	}
	outcome := joined(inputs)
	outcome.Body, outcome.failure = body, err
	if !c.e.intake.putAgain(group{inputs: []*Input{outcome}}) {
		outcome.settled(ErrStopped)
	}
}

// untilKnown makes the call until it has an answer. The only error that it
// returns while the engine runs is a definite refusal.
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
		if attempt == 1 {
			c.e.log.Warn("outcome of a call is unknown, calling again", zap.String("key", call.Key), zap.Error(err))
		}
		c.e.pause(jittered(grow(c.e.cfg.CallPause, attempt, callMaxPause)))
	}
}

// land ends a flight: whoever asks for the same call from now on makes it
// again.
func (c *calls) land(key string) []*Input {
	c.mu.Lock()
	defer c.mu.Unlock()
	inputs := c.flights[key].inputs
	delete(c.flights, key)
	return inputs
}

// joined makes one input of those that waited for the same outcome.
func joined(inputs []*Input) *Input {
	first := inputs[0]
	out := &Input{Event: first.Event, Meta: first.Meta, cause: first.cause, outcome: true, letter: first.letter}
	for _, in := range inputs {
		out.owed = append(out.owed, in.owed...)
	}
	return out
}
