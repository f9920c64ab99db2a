package engine

import (
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// maxRetryPause is the longest pause between two attempts: the input waits in
	// memory, and its message in hand.
	maxRetryPause = time.Minute
	// minAckWait leaves time for the heartbeats of what is in hand.
	minAckWait = 2 * time.Second
)

// policy is how often an input is tried before it is a dead letter, and how long
// it waits in between.
type policy struct {
	attempts int
	pause    time.Duration
}

func (p policy) validate() error {
	switch {
	case p.attempts < 1:
		return fmt.Errorf("%d attempts are none: give 1 or more", p.attempts)
	case p.pause < 0:
		return fmt.Errorf("a pause of %s between attempts is impossible", p.pause)
	case p.pause > maxRetryPause:
		return fmt.Errorf("a pause of %s between attempts is too long, %s is the most: return NotYet for what takes longer to pass", p.pause, maxRetryPause)
	}
	return nil
}

// Retry returns the handler with a policy of its own instead of the engine's: so
// many attempts, 1 or more, with that pause before the second one, doubled for
// each further one up to a minute and spread by jitter. [Handlers] refuses what
// is impossible.
func (h Handler) Retry(attempts int, pause time.Duration) Handler {
	h.policy = &policy{attempts, pause}
	return h
}

// policies says which policy an input is under.
func policies(c Config) func(*Input) policy {
	usual := policy{attempts: c.MaxAttempts, pause: c.RetryPause}
	handlers, ok := c.Decider.(*handling)
	if !ok {
		return func(*Input) policy { return usual }
	}
	return func(in *Input) policy {
		if in.Event == nil {
			return usual
		}
		if own := handlers.byEvent[in.Event.Name].policy; own != nil {
			return *own
		}
		return usual
	}
}

// suits refuses a consumer with which the server would count, pause or forget by
// itself: such a consumer is not read.
func suits(info *jetstream.ConsumerInfo) error {
	if info == nil {
		return nil
	}
	c := info.Config
	switch {
	case c.AckPolicy != jetstream.AckExplicitPolicy:
		return fmt.Errorf("consumer %s acknowledges by policy %s: it must be explicit", info.Name, c.AckPolicy)
	case c.MaxDeliver > 0:
		return fmt.Errorf("consumer %s gives up after %d deliveries, and what it gave up would be lost: set MaxDeliver to -1, attempts are counted here", info.Name, c.MaxDeliver)
	case len(c.BackOff) > 0:
		return fmt.Errorf("consumer %s delivers again after pauses of its own: leave BackOff empty", info.Name)
	case c.AckWait > 0 && c.AckWait < minAckWait:
		return fmt.Errorf("consumer %s waits %s for an acknowledgement: %s is the least, what is in hand is reported once a second", info.Name, c.AckWait, minAckWait)
	}
	return nil
}
