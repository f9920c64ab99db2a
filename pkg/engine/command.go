package engine

import (
	"context"
	"errors"
	"fmt"
)

// Do decides a command and returns the decision's reply once it is durable.
// The decider's error is returned as it is. If ctx ends first, the command may
// still be decided; ErrBusy says so.
//
// The events of a command are checked before its commit and published right
// after it, for as long as that takes. Should the process end in between, nobody
// publishes them unless the decider says them again, for instance when a [Timer]
// finds what is still unfinished.
func (e *Engine) Do(ctx context.Context, body any, meta Meta) (any, error) {
	select {
	case <-e.stopping:
		return nil, ErrStopped
	default:
	}
	c := newCommand()
	in := &Input{Body: body, Meta: meta, awaited: true, owed: []owner{c}}
	e.tracer.commanded(in)
	if err := e.submit(ctx, in); err != nil {
		return nil, err
	}
	select {
	case r := <-c.done:
		return r.reply, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrBusy, ctx.Err())
	case <-e.loop:
	}
	select {
	case r := <-c.done: // answered just before the end
		return r.reply, r.err
	default:
		return nil, ErrStopped
	}
}

func (e *Engine) submit(ctx context.Context, in *Input) error {
	return e.submitGroup(ctx, group{inputs: []*Input{in}})
}

// submitGroup takes in inputs. If it returns an error they were not taken in,
// and their owners are told nothing.
func (e *Engine) submitGroup(ctx context.Context, g group) error {
	e.inHand.add(len(g.inputs))
	for _, in := range g.inputs {
		in.owed = append(in.owed, e.inHand)
	}
	if err := e.intake.put(ctx, g); err != nil {
		e.inHand.add(-len(g.inputs))
		return err
	}
	return nil
}

// command is the owner of an input that somebody waits for.
type command struct{ done chan reply }

type reply struct {
	reply any
	err   error
}

func newCommand() *command { return &command{done: make(chan reply, 1)} }

func (c *command) committed(r any, err error) { c.answer(reply{r, err}) }

func (c *command) settled(err error) {
	switch {
	case err == nil:
	case errors.Is(err, ErrStopped):
		c.answer(reply{err: ErrStopped})
	default:
		c.answer(reply{err: fmt.Errorf("%w: %w", ErrBusy, err)})
	}
}

func (c *command) answer(r reply) {
	select {
	case c.done <- r:
	default: // answered before
	}
}
