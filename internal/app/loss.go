package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"orderly/pkg/engine"
	"orderly/pkg/natsbus"
)

// The kinds of loss.
const (
	lossRecreated  = "recreated"          // another stream of the same name
	lossRolledBack = "rolled_back"        // the stream ends before the newest message that was seen, or has another there
	lossGone       = "message_gone"       // the newest message that was seen is gone, and its place is empty
	lossConsumer   = "consumer_recreated" // another consumer of the same name
	lossAhead      = "consumer_ahead"     // a consumer that waits for messages beyond the end of its stream
)

// loss is something that the broker had acknowledged and has no more.
type loss struct {
	stream   string
	consumer string // empty if the stream itself lost something
	kind     string
	was, is  string
}

// markOf is what is remembered of a stream.
func markOf(info *jetstream.StreamInfo) engine.StreamMark {
	return engine.StreamMark{
		Stream:  info.Config.Name,
		Created: info.Created.Truncate(time.Microsecond),
		LastSeq: info.State.LastSeq,
		LastAt:  info.State.LastTime.Truncate(time.Microsecond),
	}
}

func same(a, b engine.StreamMark) bool {
	return a.Created.Equal(b.Created) && a.LastSeq == b.LastSeq && a.LastAt.Equal(b.LastAt)
}

// messageTimeout is for one message of a stream that had a leader just now.
const messageTimeout = 2 * time.Second

// find compares a stream with what is remembered of it: the stream must be the
// same one, and still have the newest message that was seen, however much it has
// grown since. A message that grew too old says nothing. One that is gone from the
// middle, by a hand or with a part of the store, leaves every other in its place.
func find(ctx context.Context, was engine.StreamMark, s natsbus.StreamView) (*loss, error) {
	is := markOf(s.Info)
	switch {
	case !was.Created.Equal(is.Created):
		return lost(lossRecreated, was, is), nil
	case same(was, is), was.LastSeq == 0, was.LastSeq < s.Info.State.FirstSeq:
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, messageTimeout)
	defer cancel()
	msg, err := s.Stream.GetMsg(ctx, was.LastSeq)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound) && is.LastSeq >= was.LastSeq:
		return lost(lossGone, was, is), nil
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return lost(lossRolledBack, was, is), nil
	case err != nil:
		return nil, fmt.Errorf("stream %s: look at message %d: %w", was.Stream, was.LastSeq, err)
	case !msg.Time.Truncate(time.Microsecond).Equal(was.LastAt):
		return lost(lossRolledBack, was, is), nil
	}
	return nil, nil
}

func lost(kind string, was, is engine.StreamMark) *loss {
	return &loss{stream: was.Stream, kind: kind, was: describeMark(was), is: describeMark(is)}
}

func describeMark(m engine.StreamMark) string {
	return fmt.Sprintf("created %s, last message %d of %s", m.Created.UTC().Format(time.RFC3339Nano), m.LastSeq, m.LastAt.UTC().Format(time.RFC3339Nano))
}

// ahead reports a consumer that was given more than its stream has. It would wait
// in silence until the stream has caught up with it, and skip what is stored
// meanwhile.
func ahead(c natsbus.ConsumerView, s natsbus.StreamView) *loss {
	if s.Info == nil || c.Info.Delivered.Stream <= s.Info.State.LastSeq {
		return nil
	}
	return &loss{
		stream:   c.Stream,
		consumer: c.Name,
		kind:     lossAhead,
		was:      fmt.Sprintf("given messages up to %d", c.Info.Delivered.Stream),
		is:       fmt.Sprintf("the stream ends with %d", s.Info.State.LastSeq),
	}
}
