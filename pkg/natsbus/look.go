package natsbus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// View is what the server has of a topology at one time. Its slices follow the
// topology's, place by place.
type View struct {
	Streams   []StreamView
	Consumers []ConsumerView
}

// StreamView is one stream as the server has it.
type StreamView struct {
	Name string
	// Info is nil if the stream is missing or Err is set.
	Info *jetstream.StreamInfo
	// Stream asks more of the stream; nil if Info is.
	Stream jetstream.Stream
	// Err is why the server could not tell, as without a leader.
	Err error
}

// ConsumerView is one consumer as the server has it.
type ConsumerView struct {
	Stream string
	Name   string
	// Info is nil if the consumer is missing or Err is set.
	Info *jetstream.ConsumerInfo
	// Err is why the server could not tell, as without a leader.
	Err error
}

// lookTimeout bounds each request: what has no leader does not answer, and must
// not keep the rest from being looked at.
const lookTimeout = 2 * time.Second

// Look asks the server for each stream and consumer of the topology, one request
// each, the consumers first: what one of them was given was in its stream when
// the stream was asked. It changes nothing, tries nothing twice and waits two
// seconds for each answer.
func (t Topology) Look(ctx context.Context, js jetstream.JetStream) View {
	v := View{Consumers: make([]ConsumerView, len(t.Consumers)), Streams: make([]StreamView, len(t.Streams))}
	for i, c := range t.Consumers {
		v.Consumers[i] = lookAtConsumer(ctx, js, c.Stream, c.Config.Durable)
	}
	for i, s := range t.Streams {
		v.Streams[i] = lookAtStream(ctx, js, s.Name)
	}
	return v
}

// Stream returns the view of a stream, without Info if the topology does not
// declare it.
func (v View) Stream(name string) StreamView {
	i := slices.IndexFunc(v.Streams, func(s StreamView) bool { return s.Name == name })
	if i < 0 {
		return StreamView{Name: name}
	}
	return v.Streams[i]
}

func lookAtStream(ctx context.Context, js jetstream.JetStream, name string) StreamView {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	v := StreamView{Name: name}
	stream, err := js.Stream(ctx, name)
	switch {
	case err == nil:
		v.Stream, v.Info = stream, stream.CachedInfo()
	case !errors.Is(err, jetstream.ErrStreamNotFound):
		v.Err = fmt.Errorf("%s: %w", streamLabel(name), err)
	}
	return v
}

func lookAtConsumer(ctx context.Context, js jetstream.JetStream, stream, name string) ConsumerView {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	v := ConsumerView{Stream: stream, Name: name}
	consumer, err := js.Consumer(ctx, stream, name)
	switch {
	case err == nil:
		v.Info = consumer.CachedInfo()
	case !errors.Is(err, jetstream.ErrConsumerNotFound) && !errors.Is(err, jetstream.ErrStreamNotFound):
		v.Err = fmt.Errorf("%s: %w", consumerLabel(stream, name), err)
	}
	return v
}
