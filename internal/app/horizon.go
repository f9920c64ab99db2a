package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"orderly/pkg/natsbus"
)

// horizon tells how far the participants have come.
type horizon struct {
	js        jetstream.JetStream
	consumers []natsbus.Consumer
}

// At returns the time up to which every participant has handled what was
// published: the age of the oldest message that one of them has not finished,
// or now. Messages that a broker lost are not missed: whatever it still holds
// is younger.
func (h horizon) At(ctx context.Context) (time.Time, error) {
	at := time.Now()
	for _, c := range h.consumers {
		oldest, waiting, err := h.oldest(ctx, c)
		if err != nil {
			return time.Time{}, fmt.Errorf("consumer %s: %w", c.Config.Durable, err)
		}
		if waiting && oldest.Before(at) {
			at = oldest
		}
	}
	return at, nil
}

func (h horizon) oldest(ctx context.Context, c natsbus.Consumer) (time.Time, bool, error) {
	consumer, err := h.js.Consumer(ctx, c.Stream, c.Config.Durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) {
		return time.Time{}, false, nil // nobody listens yet: announcing again does no harm
	}
	if err != nil {
		return time.Time{}, false, err
	}
	info := consumer.CachedInfo()
	if info.NumPending == 0 && info.NumAckPending == 0 {
		return time.Time{}, false, nil
	}
	stream, err := h.js.Stream(ctx, c.Stream)
	if err != nil {
		return time.Time{}, false, err
	}
	msg, err := stream.GetMsg(ctx, info.AckFloor.Stream+1, jetstream.WithGetMsgSubject(c.Config.FilterSubject))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return time.Time{}, false, nil
	}
	if err != nil {
		return time.Time{}, false, err
	}
	return msg.Time, true, nil
}
