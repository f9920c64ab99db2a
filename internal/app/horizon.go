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
	hearings []hearing
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
	for _, heard := range h.hearings {
		p, err := h.look(ctx, heard)
		if err != nil {
			return nil, err
		}
		lag[heard.lane] = max(lag[heard.lane], p.lag)
	}
	return lag, nil
}

// progress is how far a service has come with one thing that it hears.
type progress struct {
	channel
	info *jetstream.ConsumerInfo // nil: nobody listens yet, and announcing again does no harm
	next time.Time               // when the first message came that waits; zero if none does
	lag  time.Duration           // for how long that one has waited
}

// live reports whether somebody pulls.
func (p progress) live() bool { return p.info != nil && p.info.NumWaiting > 0 }

// beyond reports whether p tells better than another how far a service is: by it
// somebody hears, or it is further.
func (p progress) beyond(other progress) bool {
	switch {
	case p.info == nil || other.info == nil:
		return p.info != nil
	case p.live() != other.live():
		return p.live()
	case p.next.IsZero() || other.next.IsZero():
		return !other.next.IsZero()
	}
	return p.next.After(other.next)
}

// look finds the channel that tells how far a service is with a thing that it hears,
// of those by which it may: what came by one is handled, and one that replicas have
// left stands still.
func (h horizon) look(ctx context.Context, heard hearing) (progress, error) {
	return h.lookAmong(ctx, heard.channels)
}

func (h horizon) lookAmong(ctx context.Context, channels []channel) (progress, error) {
	best := progress{channel: channels[0]}
	for _, c := range channels {
		p, err := h.lookAt(ctx, c)
		if err != nil {
			return best, fmt.Errorf("consumer %s: %w", c.durable, err)
		}
		if p.beyond(best) {
			best = p
		}
	}
	return best, nil
}

func (h horizon) lookAt(ctx context.Context, c channel) (progress, error) {
	p := progress{channel: c}
	consumer, err := h.js.Consumer(ctx, c.stream, c.durable)
	if errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	p.info = consumer.CachedInfo()
	if p.info.NumPending == 0 {
		return p, nil
	}
	stream, err := h.js.Stream(ctx, c.stream)
	if err != nil {
		return p, err
	}
	p.next, err = oldest(ctx, stream, p.info.Delivered.Stream+1, c.filters)
	if !p.next.IsZero() {
		p.lag = stream.CachedInfo().TimeStamp.Sub(p.next) // below zero if it came after the stream was asked
	}
	return p, err
}

// oldest returns when the first message from a sequence on came whose subject is
// one of those given, which may have wildcards; zero if there is none.
func oldest(ctx context.Context, stream jetstream.Stream, from uint64, subjects []string) (came time.Time, err error) {
	for _, subject := range subjects {
		m, err := stream.GetMsg(ctx, from, jetstream.WithGetMsgSubject(subject))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return came, err
		}
		if came.IsZero() || m.Time.Before(came) {
			came = m.Time.UTC()
		}
	}
	return came, nil
}
