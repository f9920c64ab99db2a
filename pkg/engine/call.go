package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
)

const callMaxPause = 5 * time.Second

// calls is the stage of concurrent outside calls between the transaction of an
// intent and that of its outcome.
type calls struct {
	e       *Engine
	slots   chan struct{} // one for each call under way
	reserve chan struct{} // further ones for what is urgent alone

	mu      sync.Mutex // guards flights and what is in them
	flights map[string]*flight
}

// flight is a call until its outcome is known.
type flight struct {
	call   *Call    // the latest that was asked for
	inputs []*Input // who waits for it
}

// urgentShare is the part of the slots, one in so many, that urgent calls alone
// may take. They may take all others too.
const urgentShare = 8

func newCalls(e *Engine) *calls {
	reserve := 0
	if len(e.cfg.Urgent) > 0 && e.cfg.MaxCalls > 1 {
		reserve = max(1, e.cfg.MaxCalls/urgentShare)
	}
	return &calls{
		e:       e,
		slots:   make(chan struct{}, e.cfg.MaxCalls-reserve),
		reserve: make(chan struct{}, reserve),
		flights: make(map[string]*flight),
	}
}

// start makes a call, or joins the input to one that is under way with the
// same key. How many wait is bounded by what the readers may have in hand.
func (c *calls) start(in *Input, call *Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, joins := c.flights[call.Key]
	if !joins {
		c.flights[call.Key] = &flight{call: call, inputs: []*Input{in}}
		c.e.background.Go(func() { c.run(call.Key) })
		return
	}
	f.call, f.inputs = call, append(f.inputs, in)
}

func (c *calls) run(key string) {
	ctx := c.e.ctx
	body, err := c.untilKnown(ctx, key)
	inputs := c.land(key)
	if errors.Is(err, errWaiting) || ctx.Err() != nil && err != nil {
		giveUp(inputs, err)
		return
	}
	join(inputs)
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
func (c *calls) untilKnown(ctx context.Context, key string) (any, error) {
	for attempt := 1; ; attempt++ {
		body, err := c.try(ctx, key)
		if err == nil {
			return body, nil
		}
		var never *neverError
		if errors.As(err, &never) || errors.Is(err, errWaiting) || ctx.Err() != nil {
			return nil, fmt.Errorf("call %s: %w", key, err)
		}
		if attempt&(attempt-1) == 0 || isPanic(err) { // seldom, but not only once
			fields := append(errorFields(err), zap.String("key", key), zap.Int("attempt", attempt))
			c.e.log.Warn("outcome of a call is unknown, calling again", fields...)
		}
		select {
		case <-time.After(jittered(grow(c.e.cfg.CallPause, attempt, callMaxPause))):
		case <-c.e.stopping:
			return nil, fmt.Errorf("call %s: %w", key, errWaiting)
		}
	}
}

// try makes the call once, when there is a slot and the breaker lets it through.
func (c *calls) try(ctx context.Context, key string) (body any, err error) {
	slot := c.slots
	reserve := c.reserved(key)
	select {
	case c.slots <- struct{}{}:
	case reserve <- struct{}{}:
		slot = reserve
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-slot }()
	leave, err := c.e.cfg.Breaker.Enter(c.e.running)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errWaiting, err)
	}
	call := c.latest(key)
	limited, cancel := context.WithTimeout(ctx, c.e.cfg.CallTimeout)
	defer cancel()
	traced, span := c.e.tracer.called(limited, call, c.waiting(key))
	err = caught(func() (err error) {
		body, err = call.Do(traced)
		return err
	})
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("no answer within %v: %w", c.e.cfg.CallTimeout, err)
	}
	end(span, err)
	leave(err)
	return body, err
}

// reserved is where a call may find a slot beside the common ones; nil, where nobody
// does, unless who waits for it is urgent.
func (c *calls) reserved(key string) chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.e.cfg.urgent(c.flights[key].inputs[0]) {
		return c.reserve
	}
	return nil
}

// latest returns what was asked for last under a key. Each of the calls would tell
// the outcome; the latest is of the state that there is now.
func (c *calls) latest(key string) *Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flights[key].call
}

// waiting returns who waits for a call now; nobody if there are no traces.
func (c *calls) waiting(key string) []*Input {
	if c.e.tracer == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.flights[key].inputs)
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

// count returns how many calls have no outcome yet.
func (c *calls) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.flights)
}
