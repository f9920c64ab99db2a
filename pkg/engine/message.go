package engine

import (
	"errors"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// errDead settles an input whose dead letter is committed and published.
var errDead = errors.New("dead letter")

// message is one message of a consumer. It is acknowledged when all of its
// events are settled.
type message struct {
	reader     *reader
	msg        jetstream.Msg
	deliveries int
	sequence   uint64

	mu     sync.Mutex // guards what follows
	left   int        // events not settled yet
	events int
	dead   int
	missed bool // an event was not handled: the message must come again
}

// groups says which of the message's events are decided together. A message
// that was delivered before has a batch of its own: should it be what ends the
// process, it takes no neighbour with it.
func (m *message) groups(inputs []*Input, limit int) []group {
	m.events = len(inputs)
	var out []group
	for len(inputs) > 0 {
		n := min(len(inputs), limit)
		out = append(out, group{inputs: inputs[:n:n], alone: m.deliveries > 1})
		inputs = inputs[n:]
	}
	return out
}

func (m *message) committed(any, error) {}

func (m *message) settled(err error) {
	m.mu.Lock()
	m.left--
	switch {
	case errors.Is(err, errDead):
		m.dead++
	case err != nil:
		m.missed = true
	}
	last := m.left == 0
	m.mu.Unlock()
	if last {
		m.answer()
	}
	m.reader.release(m, last)
}

// answer tells the server what became of the message. Should the answer be
// lost, the message comes again, which is harmless.
func (m *message) answer() {
	var err error
	switch {
	case m.missed:
		err = m.msg.NakWithDelay(missedPause)
	case m.dead == m.events:
		err = m.msg.TermWithReason("dead letter")
	default:
		err = m.msg.Ack()
	}
	if err != nil {
		m.reader.log.Warn("message not acknowledged, it will come again", zap.Error(err))
	}
}
