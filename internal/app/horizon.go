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

// At returns the time up to which everybody was given what was published: the
// age of the oldest message that the broker has yet to deliver to one of them,
// or now. What was delivered does not count, finished or not: a charge without
// an answer may take hours, and must not keep other orders from being announced
// again. Messages that a broker lost are not missed: whatever it still holds is
// younger.
func (h horizon) At(ctx context.Context) (time.Time, error) {
	at := time.Now()
	for _, c := range h.channels {
		oldest, waiting, err := h.oldest(ctx, c)
		if err != nil {
			return time.Time{}, fmt.Errorf("consumer %s: %w", c.durable, err)
		}
		if waiting && oldest.Before(at) {
			at = oldest
		}
	}
	return at, nil
}

func (h horizon) oldest(ctx context.Context, c channel) (time.Time, bool, error) {
	consumer, err := h.js.Consumer(ctx, c.stream, c.durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) {
		return time.Time{}, false, nil // nobody listens yet: announcing again does no harm
	}
	if err != nil {
		return time.Time{}, false, err
	}
	info := consumer.CachedInfo()
	if info.NumPending == 0 {
		return time.Time{}, false, nil
	}
	stream, err := h.js.Stream(ctx, c.stream)
	if err != nil {
		return time.Time{}, false, err
	}
	msg, err := stream.GetMsg(ctx, info.Delivered.Stream+1, jetstream.WithGetMsgSubject(c.filter))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return time.Time{}, false, nil
	}
	if err != nil {
		return time.Time{}, false, err
	}
	return msg.Time, true, nil
}
