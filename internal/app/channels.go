package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"orderly/order/httpapi"
)

// Channels tells how far the services have come with all that they hear. It is
// as new as the broker's answer; a service between two pulls has none waiting.
func (h horizon) Channels(ctx context.Context) ([]httpapi.Channel, error) {
	ctx, cancel := context.WithTimeout(ctx, horizonTimeout)
	defer cancel()
	out := make([]httpapi.Channel, len(h.channels))
	for i, c := range h.channels {
		service, _, _ := strings.Cut(c.durable, "-")
		out[i] = httpapi.Channel{Service: service, Stream: c.stream, Consumer: c.durable, Priority: c.lane}
		if err := h.describe(ctx, c, &out[i]); err != nil {
			return nil, fmt.Errorf("consumer %s: %w", c.durable, err)
		}
	}
	return out, nil
}

func (h horizon) describe(ctx context.Context, c channel, out *httpapi.Channel) error {
	consumer, err := h.js.Consumer(ctx, c.stream, c.durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	info := consumer.CachedInfo()
	out.Exists, out.Pulls, out.Waiting, out.InHand = true, info.NumWaiting, info.NumPending, info.NumAckPending
	if info.Delivered.Last != nil {
		out.Delivered = info.Delivered.Last.UTC()
	}
	lag, err := h.waited(ctx, c)
	out.Lag = max(0, lag).Round(time.Millisecond).String()
	return err
}
