package engine

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// errDead settles an input whose dead letter is committed and published.
var errDead = errors.New("dead letter")

// errWaiting settles an input that a clean stop finds waiting for its next
// attempt.
var errWaiting = fmt.Errorf("%w: it waits for its next attempt", ErrStopped)

// message is one message of a consumer. It is acknowledged when all of its
// events are settled.
type message struct {
	reader     *reader
	msg        jetstream.Msg
	deliveries int
	stored     time.Time // in the stream, by the broker's clock

	mu     sync.Mutex // guards what follows
	events int        // how many it carries
	left   int        // of them not settled yet
	dead   int
	missed bool // an event was not handled: the message must come again
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
		m.reader.release(m)
	}
	m.reader.count(-1)
}

// answer tells the server what became of the message. Should the answer be
// lost, the message comes again, which is harmless.
func (m *message) answer() {
	var err error
	answer := answerAck
	switch {
	case m.missed:
		answer, err = answerAgain, m.msg.NakWithDelay(missedPause)
	case m.dead > 0 && m.dead == m.events:
		answer, err = answerDead, m.msg.TermWithReason("dead letter")
	default:
		err = m.msg.Ack()
	}
	if err != nil {
		answer = answerFailed
		m.reader.log.Warn("message not acknowledged, it will come again", zap.Error(err))
	}
	m.reader.e.stats.answers[answer].Add(1)
}
