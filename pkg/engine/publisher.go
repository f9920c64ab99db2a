package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
	"golang.org/x/sync/semaphore"

	"orderly/pkg/event"
)

const (
	// burying is how many dead letters may wait for their PubAcks.
	burying      = 16
	publishPause = 50 * time.Millisecond
	publishTry   = 5 * time.Second
	// publishAlarm is from which attempt on it is an error that a message cannot
	// be published: an election is over by then.
	publishAlarm = 8
	restoreEvery = 2 * time.Second
)

// publisher sends what was committed, for as long as it takes, and settles the
// inputs afterwards. A committed answer is sent as it is, never decided again:
// a second decision may have nothing left to say.
type publisher struct {
	e      *Engine
	room   *semaphore.Weighted // for events
	graves chan struct{}
	wg     sync.WaitGroup

	failing atomic.Pointer[time.Time] // since when nothing could be published; nil if it can

	restoring sync.Mutex // guards restored, held while Restore runs
	restored  time.Time
}

func newPublisher(e *Engine) *publisher {
	return &publisher{e: e, room: semaphore.NewWeighted(int64(e.cfg.MaxUnsent)), graves: make(chan struct{}, burying)}
}

// publish sends a batch's outputs while the next batches are decided. It waits
// only if too many events are under way: that is how a broker that stays away
// stops the engine in the end. What is urgent waits for the PubAcks of nobody else.
func (p *publisher) publish(r *result) {
	for _, part := range r.parts(p.e.cfg.urgent) {
		p.publishPart(part)
	}
}

func (p *publisher) publishPart(r *result) {
	if len(r.events) == 0 {
		p.settle(r)
		return
	}
	p.e.stats.unsent.begin(r)
	n := int64(min(len(r.events), p.e.cfg.MaxUnsent))
	if err := p.room.Acquire(p.e.ctx, n); err != nil {
		p.e.stats.unsent.end(r)
		giveUp(r.inputs, fmt.Errorf("%w: %w", ErrStopped, err))
		return
	}
	stored := func() {}
	if len(p.e.cfg.Urgent) > 0 && !p.e.cfg.urgent(r.inputs[0]) {
		stored = p.e.intake.pace.said()
	}
	p.wg.Go(func() {
		defer p.room.Release(n)
		defer p.e.stats.unsent.end(r)
		defer stored()
		began := time.Now()
		packs, err := p.e.cfg.Registry.Pack(r.events, 0)
		if err != nil { // the events were sealed, so this cannot be an input's fault
			p.e.log.Error("outputs could not be packed", zap.Error(err))
			giveUp(r.inputs, err)
			return
		}
		messages := make([]event.Message, len(packs))
		for i, pack := range packs {
			messages[i] = pack.Message
		}
		err = p.sendAll(messages)
		r.sent(err)
		if err != nil {
			giveUp(r.inputs, err)
			return
		}
		p.e.stats.stages[stagePublish].add(int64(time.Since(began)))
		p.e.stats.eventsOut.Add(uint64(len(r.events)))
		p.settle(r)
	})
}

func (p *publisher) wait() { p.wg.Wait() }

// bury publishes the dead letter of an input, whose row is committed, and
// settles the input afterwards. Nothing else waits for that. How many letters
// wait is bounded by what the readers may have in hand.
func (p *publisher) bury(in *Input, l *Letter) {
	p.later(in, errDead, l.publication())
}

// later publishes messages beside everything else, then settles the input with
// outcome.
func (p *publisher) later(in *Input, outcome error, messages ...event.Message) {
	p.wg.Go(func() {
		select {
		case p.graves <- struct{}{}:
		case <-p.e.ctx.Done():
			in.settled(ErrStopped)
			return
		}
		err := p.sendAll(messages)
		<-p.graves
		if err != nil {
			outcome = err
		}
		in.settled(outcome)
	})
}

// sendAll returns nil once the server has stored all messages. Its only error
// is that the engine was aborted before.
func (p *publisher) sendAll(messages []event.Message) error {
	errs := make([]error, len(messages))
	var wg sync.WaitGroup
	for i, m := range messages {
		wg.Go(func() { errs[i] = p.send(m) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// send publishes until the server has stored the message, through elections,
// reconnects and the loss of a stream, unless the engine is aborted.
func (p *publisher) send(m event.Message) error {
	for attempt := 1; ; attempt++ {
		err := p.try(m)
		if err == nil {
			p.failing.Store(nil)
			p.e.stats.published.add(len(m.Data))
			return nil
		}
		p.e.stats.publishFailures.Add(1)
		since := time.Now()
		p.failing.CompareAndSwap(nil, &since)
		if p.e.ctx.Err() != nil {
			return fmt.Errorf("%w: publish on %s: %w", ErrStopped, m.Subject, err)
		}
		p.logFailed(m, attempt, err)
		if errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, nats.ErrNoResponders) {
			p.restore()
		}
		p.e.pause(jittered(grow(publishPause, attempt, 2*time.Second)))
	}
}

func (p *publisher) try(m event.Message) error {
	ctx, cancel := context.WithTimeout(p.e.ctx, publishTry)
	defer cancel()
	_, err := p.e.cfg.JetStream.PublishMsg(ctx, &nats.Msg{Subject: m.Subject, Header: nats.Header(m.Header), Data: m.Data})
	return err
}

func (p *publisher) logFailed(m event.Message, attempt int, err error) {
	if attempt&(attempt-1) != 0 { // seldom, but not only once
		return
	}
	log := p.e.log.Warn
	if attempt >= publishAlarm {
		log = p.e.log.Error
	}
	log("publish failed, trying again", zap.String("nats_subject", m.Subject), zap.Int("attempt", attempt), zap.Error(err))
}

// restore makes a stream again that may have vanished, once for all who miss
// one.
func (p *publisher) restore() {
	if p.e.cfg.Restore == nil || !p.restoring.TryLock() {
		return
	}
	defer p.restoring.Unlock()
	if time.Since(p.restored) < restoreEvery {
		return
	}
	ctx, cancel := context.WithTimeout(p.e.ctx, publishTry)
	defer cancel()
	if err := caught(func() error { return p.e.cfg.Restore(ctx) }); err != nil {
		p.e.log.Warn("what has vanished could not be restored", errorFields(err)...)
	}
	p.restored = time.Now()
}

// settle tells the inputs' owners, buries, starts calls and puts back what must
// be decided again.
func (p *publisher) settle(r *result) {
	began := time.Now()
	for i, in := range r.inputs {
		v, call := r.verdict[i], r.decided[i].Call
		switch {
		case v.action == again:
			if !in.unopened {
				in.failure = nil
			}
			p.e.intake.later(group{inputs: []*Input{in}, alone: true}, v.pause)
		case v.action == bury:
			p.bury(in, v.letter)
		case v.action == parked:
			in.settled(errDead)
		case call != nil:
			p.e.calls.start(in, call)
		default:
			in.settled(nil)
		}
	}
	p.e.stats.stages[stageSettle].add(int64(time.Since(began)))
}
