package app

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"orderly/order"
	"orderly/pkg/engine"
	"orderly/pkg/event"
	"orderly/pkg/natsbus"
)

// The streams.
const (
	StreamOrders    = "ORDERS"
	StreamInventory = "INVENTORY"
	StreamPayments  = "PAYMENTS"
	StreamDead      = "DLQ"
)

// MinAckWait and MaxAckWait are between which times an AckWait may be set.
const (
	MinAckWait = 5 * time.Second
	MaxAckWait = time.Hour
)

const (
	defaultAckWait = 30 * time.Second
	maxAckPending  = 4096
	maxMessage     = event.MaxMessage
	keepFor        = 7 * 24 * time.Hour
	keepDeadFor    = 30 * 24 * time.Hour
	// noWindow switches the server's duplicate window off as far as it goes:
	// an answer that is given again must arrive again.
	noWindow = 100 * time.Millisecond
)

// streams declares all streams. Replicas is the only thing that differs
// between a single server and a cluster.
func streams(replicas int) []jetstream.StreamConfig {
	stream := func(name, subjects string, maxAge time.Duration) jetstream.StreamConfig {
		return jetstream.StreamConfig{
			Name:       name,
			Subjects:   []string{subjects},
			Storage:    jetstream.FileStorage,
			Retention:  jetstream.LimitsPolicy,
			Discard:    jetstream.DiscardNew,
			MaxAge:     maxAge,
			MaxMsgSize: maxMessage,
			Duplicates: noWindow,
			Replicas:   replicas,
		}
	}
	return []jetstream.StreamConfig{
		stream(StreamOrders, "orders.>", keepFor),
		stream(StreamInventory, "inventory.>", keepFor),
		stream(StreamPayments, "payments.>", keepFor),
		stream(StreamDead, "dlq.>", keepDeadFor),
	}
}

// urgentLanes are those of the lanes whose inputs the engines take first.
func urgentLanes() []string { return []string{order.Express} }

// consumers declares the durable consumers of a service. One that vanished
// starts a little before the last input that the service handled.
func consumers(d Deps, cs []channel) []natsbus.Consumer {
	ackWait := d.AckWait
	if ackWait == 0 {
		ackWait = defaultAckWait
	}
	out := make([]natsbus.Consumer, len(cs))
	for i, c := range cs {
		out[i] = natsbus.Consumer{
			Stream: c.stream,
			Config: jetstream.ConsumerConfig{
				Durable:       c.durable,
				AckPolicy:     jetstream.AckExplicitPolicy,
				AckWait:       ackWait,
				MaxDeliver:    -1,
				MaxAckPending: maxAckPending,
			},
			StartAt: func(ctx context.Context) (time.Time, error) {
				return start{db: d.DB, horizon: horizon{js: d.Bus.JetStream()}}.at(ctx, c.heard)
			},
		}
		if len(c.filters) == 1 {
			out[i].Config.FilterSubject = c.filters[0]
		} else {
			out[i].Config.FilterSubjects = c.filters
		}
	}
	return out
}

// Topology is all that the services want of the broker, for its operator, who
// does not know how far they are: a consumer that is missing is his to make only
// while its stream is empty. A service at its start goes on where it was.
func Topology(js jetstream.JetStream, replicas int, ackWait time.Duration, v Versions) natsbus.Topology {
	var all []channel
	for _, s := range services() {
		all = append(all, channels(s.name, s.hears, v)...)
	}
	cs := consumers(Deps{AckWait: ackWait}, all)
	for i := range cs {
		stream := cs[i].Stream
		cs[i].StartAt = func(ctx context.Context) (time.Time, error) { return startIfEmpty(ctx, js, stream) }
	}
	return natsbus.Topology{Streams: streams(replicas), Consumers: cs}
}

func startIfEmpty(ctx context.Context, js jetstream.JetStream, name string) (time.Time, error) {
	stream, err := js.Stream(ctx, name)
	if err != nil {
		return time.Time{}, err
	}
	if stream.CachedInfo().State.Msgs > 0 {
		return time.Time{}, natsbus.ErrLeave
	}
	return time.Time{}, nil
}

// engineConsumers is what the engine has to know of them.
func engineConsumers(cs []channel) []engine.Consumer {
	out := make([]engine.Consumer, len(cs))
	for i, c := range cs {
		out[i] = engine.Consumer{Stream: c.stream, Name: c.durable}
	}
	return out
}
