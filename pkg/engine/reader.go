package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"orderly/pkg/event"
)

// Consumer names a durable pull consumer. It must exist, acknowledge
// explicitly, and have no limit of deliveries (MaxDeliver -1): attempts are
// counted by the engine, on verdicts only.
type Consumer struct {
	Stream string
	Name   string
	// MaxInHand is how many of its events are in hand at a time; 1,024 if zero.
	MaxInHand int
}

const (
	pullExpiry = time.Second // how long a stop waits for the running pull
	maxPull    = 256
	// maxDeliveries is how often a message may come, which only the death of
	// processes or a broken connection causes, before it is buried untouched.
	maxDeliveries = 20
	ackWait       = 30 * time.Second // where the consumer's own is not known
	missedPause   = time.Second      // before what was not handled comes again
)

var (
	errUndecodable   = errors.New("the message could not be read")
	errKilledProcess = fmt.Errorf("delivered %d times without an answer: handling it seems to end the process", maxDeliveries)
)

// reader fetches from one consumer. It owns its messages until each is
// acknowledged or given back.
type reader struct {
	e       *Engine
	cfg     Consumer
	log     *zap.Logger
	cons    jetstream.Consumer
	ackWait time.Duration
	density float64 // events a message, smoothed

	mu      sync.Mutex // guards what follows
	held    map[*message]time.Time
	inHand  int
	changed chan struct{} // signalled when inHand falls
}

func newReader(e *Engine, c Consumer) *reader {
	def(&c.MaxInHand, 1024)
	return &reader{
		e:       e,
		cfg:     c,
		log:     e.log.With(zap.String("stream", c.Stream), zap.String("consumer", c.Name)),
		ackWait: ackWait,
		density: 1,
		held:    make(map[*message]time.Time),
		changed: make(chan struct{}, 1),
	}
}

// run fetches until the engine stops. A pull that is under way then ends by
// itself, and all that it brings is taken in.
func (r *reader) run() {
	beats := make(chan struct{})
	r.e.background.Go(func() { r.heartbeat(beats) })
	defer close(beats)
	for failures := 0; ; {
		n := r.credit()
		if n == 0 {
			return
		}
		err := r.fetch(n)
		if err == nil {
			failures = 0
			continue
		}
		failures++
		r.cons = nil
		r.log.Warn("fetch failed, trying again", zap.Error(err))
		select {
		case <-time.After(jittered(grow(100*time.Millisecond, failures, 5*time.Second))):
		case <-r.e.stopping:
			return
		}
	}
}

// credit waits until more events may be in hand and returns how many messages
// to ask for; 0 means stop.
func (r *reader) credit() int {
	for {
		select {
		case <-r.e.stopping:
			return 0
		default:
		}
		r.mu.Lock()
		free := r.cfg.MaxInHand - r.inHand
		r.mu.Unlock()
		if free > 0 {
			return max(1, min(maxPull, int(float64(free)/r.density)))
		}
		select {
		case <-r.changed:
		case <-r.e.stopping:
		}
	}
}

func (r *reader) fetch(n int) error {
	if err := r.bind(); err != nil {
		return err
	}
	msgs, err := r.cons.Fetch(n, jetstream.FetchMaxWait(pullExpiry))
	if err != nil {
		return fmt.Errorf("pull: %w", err)
	}
	for msg := range msgs.Messages() {
		r.take(msg)
	}
	if err := msgs.Error(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("pull: %w", err)
	}
	return nil
}

func (r *reader) bind() error {
	if r.cons != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(r.e.ctx, 5*time.Second)
	defer cancel()
	c, err := r.e.cfg.JetStream.Consumer(ctx, r.cfg.Stream, r.cfg.Name)
	if err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	if info := c.CachedInfo(); info != nil && info.Config.AckWait > 0 {
		r.mu.Lock()
		r.ackWait = info.Config.AckWait
		r.mu.Unlock()
	}
	r.cons = c
	return nil
}

// take turns a message into inputs and hands them in. Waiting for room is how
// a busy engine slows the intake down.
func (r *reader) take(msg jetstream.Msg) {
	m := &message{reader: r, msg: msg}
	inputs := r.open(m)
	r.density += (float64(len(inputs)) - r.density) / 16
	m.left = len(inputs)
	for _, in := range inputs {
		in.owed = append(in.owed, m)
	}
	r.mu.Lock()
	r.held[m] = time.Now()
	r.inHand += len(inputs)
	r.mu.Unlock()
	for _, g := range m.groups(inputs, r.e.cfg.MaxInputs) {
		if err := r.e.submitGroup(r.e.ctx, g); err != nil {
			for range g.inputs {
				m.settled(err)
			}
		}
	}
}

// open decodes and validates a message, once.
func (r *reader) open(m *message) []*Input {
	raw := event.Message{Subject: m.msg.Subject(), Header: m.msg.Headers(), Data: m.msg.Data()}
	if meta, err := m.msg.Metadata(); err == nil {
		m.deliveries, m.sequence = int(meta.NumDelivered), meta.Sequence.Stream
	}
	if m.deliveries >= maxDeliveries {
		return []*Input{r.unread(m, raw, Never(errKilledProcess))}
	}
	results, err := r.e.cfg.Registry.Open(raw)
	if err != nil {
		return []*Input{r.unread(m, raw, Never(fmt.Errorf("%w: %w", errUndecodable, err)))}
	}
	inputs := make([]*Input, 0, len(results))
	for i := range results {
		inputs = append(inputs, r.input(m, &results[i], raw, len(results) == 1))
	}
	return inputs
}

func (r *reader) input(m *message, res *event.Result, raw event.Message, single bool) *Input {
	ev := &res.Event
	in := &Input{
		Body:   ev.Payload,
		Event:  ev,
		cause:  ev.ID,
		letter: &letter{consumer: r.cfg.Name, message: raw, again: m.deliveries > 1},
		Meta: Meta{
			CorrelationID: ev.CorrelationID,
			CausationID:   ev.ID,
			TraceParent:   ev.TraceParent,
			Lane:          ev.Lane,
		},
	}
	def(&in.Meta.CorrelationID, ev.ID)
	if !single {
		in.letter.message = event.Alone(*ev, raw.Subject)
	}
	if res.Err != nil {
		in.failure = Never(fmt.Errorf("%w: %w", errUndecodable, res.Err))
		def(&in.cause, digest(m.sequence, in.letter.message))
	}
	return in
}

// unread is the input that stands for a message as a whole.
func (r *reader) unread(m *message, raw event.Message, failure error) *Input {
	return &Input{
		cause:   digest(m.sequence, raw),
		letter:  &letter{consumer: r.cfg.Name, message: raw},
		failure: failure,
	}
}

// digest identifies a message that has no readable id. The sequence alone
// would not do: after a loss of the broker it is used again.
func digest(sequence uint64, m event.Message) string {
	h := sha256.New()
	fmt.Fprintf(h, "%d %s\x00", sequence, m.Subject)
	h.Write(m.Data)
	return "sha256-" + hex.EncodeToString(h.Sum(nil))
}

// heartbeat tells the server that messages in hand are being worked on, until
// the reader has ended and none is left, or the engine is aborted.
func (r *reader) heartbeat(ended <-chan struct{}) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-r.e.ctx.Done():
			return
		}
		left := r.beat(time.Now())
		select {
		case <-ended:
			if left == 0 {
				return
			}
		default:
		}
	}
}

func (r *reader) beat(now time.Time) (left int) {
	var old []*message
	r.mu.Lock()
	for m, since := range r.held {
		if now.Sub(since) >= r.ackWait/3 {
			r.held[m] = now
			old = append(old, m)
		}
	}
	left = len(r.held)
	r.mu.Unlock()
	for _, m := range old {
		if err := m.msg.InProgress(); err != nil {
			r.log.Debug("heartbeat not sent", zap.Error(err))
		}
	}
	return left
}

// release notes that one event of m is settled, and with the last one that m is
// no longer held.
func (r *reader) release(m *message, last bool) {
	r.mu.Lock()
	r.inHand--
	if last {
		delete(r.held, m)
	}
	r.mu.Unlock()
	select {
	case r.changed <- struct{}{}:
	default:
	}
}
