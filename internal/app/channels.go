package app

import (
	"context"
	"time"

	"orderly/order/httpapi"
)

// Channels tells how far the services have come with all that they hear. It is
// as new as the broker's answer; a service between two pulls has none waiting.
func (h horizon) Channels(ctx context.Context) ([]httpapi.Channel, error) {
	ctx, cancel := context.WithTimeout(ctx, horizonTimeout)
	defer cancel()
	out := make([]httpapi.Channel, len(h.hearings))
	for i, heard := range h.hearings {
		p, err := h.look(ctx, heard)
		if err != nil {
			return nil, err
		}
		out[i] = httpapi.Channel{Service: heard.service, Stream: p.stream, Consumer: p.durable, Priority: p.lane}
		if p.info != nil {
			p.describe(&out[i])
		}
	}
	return out, nil
}

func (p progress) describe(out *httpapi.Channel) {
	out.Exists, out.Pulls, out.Waiting, out.InHand = true, p.info.NumWaiting, p.info.NumPending, p.info.NumAckPending
	if p.info.Delivered.Last != nil {
		out.Delivered = p.info.Delivered.Last.UTC()
	}
	out.Lag = max(0, p.lag).Round(time.Millisecond).String()
}
