package order

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"orderly/events"
)

// ErrClosed answers a retry of an order from which nothing more is expected.
var ErrClosed = errors.New("nothing is left to do for the order")

// The kinds of actions.
const (
	ActionCancel = "cancel"
	ActionRetry  = "retry"
)

// Action is what an operator did to an order, for those who ask later. Its words
// are for the operators alone: no event carries them.
type Action struct {
	ID   string // a UUID, made before the request is queued; "" = no operator's doing
	Kind string
	By   string
	Why  string
	At   time.Time
}

const (
	maxBy  = 64
	maxWhy = 500
)

// Check returns a Refusal with everything that is wrong with the action, or nil.
// Who cancels an order has to say why.
func (a Action) Check() error {
	var r Refusal
	if strings.TrimSpace(a.By) == "" || !printable(a.By, maxBy) {
		r = append(r, Problem{"body.by", fmt.Sprintf("must say who, in 1 to %d printable characters", maxBy)})
	}
	if a.Kind == ActionCancel && strings.TrimSpace(a.Why) == "" || !printable(a.Why, maxWhy) {
		r = append(r, Problem{"body.why", fmt.Sprintf("must say why, in 1 to %d printable characters", maxWhy)})
	}
	if len(r) > 0 {
		return r
	}
	return nil
}

// Retry asks to announce an order again at once.
type Retry struct {
	OrderID string
	Action  Action
}

// Retry announces an order again without waiting for its pause, so that all
// that is missing is asked for anew; the pauses start from the shortest. An order
// past its deadline is cancelled instead, a closed one gives ErrClosed.
func (p Policy) Retry(o Order, jitter float64, now time.Time) (Result, error) {
	switch {
	case o.Closed():
		return Result{Order: o}, fmt.Errorf("order %s is %s and closed: %w", o.ID, o.Status, ErrClosed)
	case !o.Ended() && !now.Before(o.Deadline):
		return p.cancel(o, events.ReasonTimedOut, now), nil
	}
	o.Redrives = 1
	o.NextRedrive = now.Add(p.pause(o.Redrives, jitter))
	return Result{Order: o, Repeats: []events.Event{o.announcement()}}, nil
}
