package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"orderly/pkg/event"
)

// Consumer names a durable pull consumer. It must exist, acknowledge
// explicitly, with an AckWait of 2 s or more, and have no limit of deliveries
// (MaxDeliver -1) and no BackOff: attempts are counted by the engine, on
// verdicts only. One that is set up otherwise is not read, and the log says why.
// Its filter should name the versions that the Registry knows: what is newer waits
// in hand, and fills it.
type Consumer struct {
	Stream string
	Name   string
	// MaxInHand is how many of its events are in hand at a time; 1,024 if zero.
	// The last message taken in may carry more events than there was room for.
	MaxInHand int
	// Calls says that its events lead to calls: while the engine's Breaker is open
	// none is fetched. What waits stays in the stream.
	Calls bool
}

const (
	pullExpiry = time.Second // how long a stop waits for the running pull
	maxPull    = 256
	// maxDeliveries is how often a message may come, which only the death of
	// processes or a broken connection causes, before a single event is buried
	// untouched, and a pack sent again as single events that count for themselves.
	maxDeliveries = 20
	// maxOpened is how often it may come before it is not even opened any more.
	maxOpened   = 2 * maxDeliveries
	ackWait     = 30 * time.Second // where the consumer's own is not known
	missedPause = time.Second      // before what was not handled comes again
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
	watch   *watch
	cut     chan struct{} // ends the pull that is under way

	holdsBack atomic.Bool   // has no room for more right now
	heldBack  atomic.Uint64 // how often it had none

	mu      sync.Mutex // guards what follows
	held    map[*message]time.Time
	inHand  int
	changed chan struct{} // signalled when inHand changes
}

func newReader(e *Engine, c Consumer) *reader {
	def(&c.MaxInHand, 1024)
	r := &reader{
		e:       e,
		cfg:     c,
		log:     e.log.With(zap.String("stream", c.Stream), zap.String("consumer", c.Name)),
		ackWait: ackWait,
		density: 1,
		held:    make(map[*message]time.Time),
		changed: make(chan struct{}, 1),
		cut:     make(chan struct{}, 1),
	}
	r.watch = newWatch(r)
	return r
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
		r.cons = nil
		if errors.Is(err, errStuck) { // which is logged, and need not wait
			continue
		}
		failures++
		r.log.Warn("fetch failed, trying again", errorFields(err)...)
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
		room, breaker := r.room()
		if free := min(room, r.free()); free > 0 {
			return max(1, min(maxPull, int(float64(free)/r.density)))
		}
		r.holdBack(breaker)
	}
}

// holdBack asks for nothing until there may be room, or the engine stops.
func (r *reader) holdBack(breaker <-chan struct{}) (stopping bool) {
	r.holdsBack.Store(true)
	defer r.holdsBack.Store(false)
	r.heldBack.Add(1)
	select {
	case <-r.changed:
	case <-breaker:
	case <-r.e.stopping:
		return true
	}
	return false
}

// room is what the breaker allows, and is closed when it may allow something else.
func (r *reader) room() (n int, changed <-chan struct{}) {
	if !r.cfg.Calls {
		return math.MaxInt, nil
	}
	return r.e.cfg.Breaker.Room()
}

func (r *reader) fetch(n int) error {
	if err := r.bind(); err != nil {
		return err
	}
	msgs, err := r.cons.Fetch(n, jetstream.FetchMaxWait(pullExpiry))
	if err != nil {
		return fmt.Errorf("pull: %w", err)
	}
	// Held from the moment it arrives: a message that waits here for room must
	// not be delivered again meanwhile.
	arrived := make(chan *message, n)
	go func() {
		defer close(arrived)
		for msg := range msgs.Messages() {
			arrived <- r.hold(msg)
		}
	}()
	for open := true; open; {
		var m *message
		select {
		case m, open = <-arrived:
		case <-r.cut:
			r.e.background.Go(func() { giveBack(arrived) })
			return errStuck
		}
		if open {
			r.waitForRoom()
			r.take(m)
		}
	}
	if err := msgs.Error(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("pull: %w", err)
	}
	return nil
}

// errStuck ends a pull that brings nothing, although messages wait.
var errStuck = errors.New("messages wait, and none comes")

// rebind ends the pull that is under way, or the next one, and has the consumer
// looked up again.
func (r *reader) rebind() {
	select {
	case r.cut <- struct{}{}:
	default: // it is to be ended already
	}
}

// giveBack has what a pull still brings, that nobody waits for any more, come again.
func giveBack(arrived <-chan *message) {
	for m := range arrived {
		m.missed = true
		m.answer()
		m.reader.release(m)
	}
}

func (r *reader) bind() error {
	if r.cons != nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(r.e.ctx, 5*time.Second)
	defer cancel()
	c, err := r.e.cfg.JetStream.Consumer(ctx, r.cfg.Stream, r.cfg.Name)
	if vanished(err) && r.e.cfg.Restore != nil {
		if err := caught(func() error { return r.e.cfg.Restore(ctx) }); err != nil {
			return fmt.Errorf("bind: restore what has vanished: %w", err)
		}
		c, err = r.e.cfg.JetStream.Consumer(ctx, r.cfg.Stream, r.cfg.Name)
	}
	if err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	info := c.CachedInfo()
	if err := suits(info); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	if info != nil && info.Config.AckWait > 0 {
		r.mu.Lock()
		r.ackWait = info.Config.AckWait
		r.mu.Unlock()
	}
	r.cons = c
	return nil
}

func vanished(err error) bool {
	return errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound)
}

func (r *reader) hold(msg jetstream.Msg) *message {
	m := &message{reader: r, msg: msg}
	r.mu.Lock()
	r.held[m] = time.Now()
	r.mu.Unlock()
	return m
}

// waitForRoom is how a busy engine slows the intake down. An engine that stops
// waits for no room, because what could make it may have to wait for the stop.
func (r *reader) waitForRoom() {
	for r.free() <= 0 {
		if r.holdBack(nil) {
			return
		}
	}
}

func (r *reader) free() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cfg.MaxInHand - r.inHand
}

// take turns a message into inputs and hands them in. Each event of a message
// that was delivered before has a batch of its own: should it be what ends the
// process, it takes no neighbour with it.
func (r *reader) take(m *message) {
	inputs := r.open(m)
	r.received(m, len(inputs))
	r.density += (max(1, float64(len(inputs))) - r.density) / 16
	if m.deliveries >= maxDeliveries && len(inputs) > 1 {
		r.scatter(m, inputs)
		return
	}
	m.events, m.left = len(inputs), len(inputs)
	if len(inputs) == 0 {
		m.answer()
		r.release(m)
		return
	}
	r.count(len(inputs))
	for _, in := range inputs {
		in.owed = append(in.owed, m)
	}
	for _, g := range r.groups(m, inputs) {
		if err := r.submit(g); err != nil {
			for range g.inputs {
				m.settled(err)
			}
		}
	}
}

// submit hands inputs in. Should the engine have no room for them, that is why no
// more messages are asked for.
func (r *reader) submit(g group) error {
	r.holdsBack.Store(true)
	defer r.holdsBack.Store(false)
	return r.e.submitGroup(r.e.ctx, g)
}

func (r *reader) received(m *message, events int) {
	r.e.stats.received.add(len(m.msg.Data()))
	r.e.stats.eventsIn.Add(uint64(events))
	if m.deliveries > 1 {
		r.e.stats.redelivered.add(len(m.msg.Data()))
	}
}

func (r *reader) groups(m *message, inputs []*Input) []group {
	if m.deliveries <= 1 {
		return split(inputs, r.e.cfg)
	}
	out := make([]group, len(inputs))
	for i := range inputs {
		out[i] = group{inputs: inputs[i : i+1 : i+1], alone: true}
	}
	return out
}

// scatter publishes the events of a pack again, each as a message with a count of
// deliveries of its own, and acknowledges the pack afterwards.
func (r *reader) scatter(m *message, inputs []*Input) {
	r.log.Warn("pack was delivered too often, sending its events one by one", zap.Int("deliveries", m.deliveries), zap.Int("events", len(inputs)))
	messages := make([]event.Message, len(inputs))
	for i, in := range inputs {
		messages[i] = in.letter.message()
	}
	m.events, m.left = 1, 1
	r.count(1)
	r.e.inHand.add(1)
	r.e.outbox.later(&Input{owed: []owner{m, r.e.inHand}}, nil, messages...)
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

// count notes that n more events are in hand, or fewer.
func (r *reader) count(n int) {
	r.mu.Lock()
	r.inHand += n
	r.mu.Unlock()
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// release notes that m is answered.
func (r *reader) release(m *message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.held, m)
}
