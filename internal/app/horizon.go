package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// horizon tells how far the services have come.
type horizon struct {
	js       jetstream.JetStream
	channels []channel
}

// horizonTimeout is for a broker that does not answer: it is asked again soon.
const horizonTimeout = 5 * time.Second

// Lag returns, by lane, for how long the oldest message has waited that the broker
// has yet to deliver to one of the services; zero if none waits. Each lane has its
// own, so that a backlog on one keeps nothing on another from being announced
// again. What was delivered does
// not count, finished or not: a charge without an answer may take hours, and must
// not keep other orders from being announced again. Messages that a broker lost
// are not missed: whatever it still holds is younger.
//
// It is a time by the broker's clock alone. Whoever asks takes it from a clock of
// his own, so that clocks which differ by minutes do no harm.
func (h horizon) Lag(ctx context.Context) (map[string]time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, horizonTimeout)
	defer cancel()
	lag := make(map[string]time.Duration)
	for _, c := range h.channels {
		waited, err := h.waited(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("consumer %s: %w", c.durable, err)
		}
		lag[c.lane] = max(lag[c.lane], waited)
	}
	return lag, nil
}

func (h horizon) waited(ctx context.Context, c channel) (time.Duration, error) {
	consumer, err := h.js.Consumer(ctx, c.stream, c.durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) {
		return 0, nil // nobody listens yet: announcing again does no harm
	}
	if err != nil {
		return 0, err
	}
	info := consumer.CachedInfo()
	if info.NumPending == 0 {
		return 0, nil
	}
	stream, err := h.js.Stream(ctx, c.stream)
	if err != nil {
		return 0, err
	}
	msg, err := stream.GetMsg(ctx, info.Delivered.Stream+1, jetstream.WithGetMsgSubject(c.filter))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return stream.CachedInfo().TimeStamp.Sub(msg.Time), nil // below zero if it came after the stream was asked
}
