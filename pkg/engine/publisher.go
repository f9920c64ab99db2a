package engine

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"orderly/pkg/event"
)

const (
	// publishing is how many batches may wait for their PubAcks while the next
	// is decided.
	publishing   = 4
	publishPause = 50 * time.Millisecond
	publishTry   = 5 * time.Second
)

// publisher sends what batches put out and settles their inputs afterwards.
type publisher struct {
	e     *Engine
	slots chan struct{}
	wg    sync.WaitGroup
}

func newPublisher(e *Engine) *publisher {
	return &publisher{e: e, slots: make(chan struct{}, publishing)}
}

// publish sends a batch's outputs while the next batch is decided. It waits
// only if too many batches are under way.
func (p *publisher) publish(r *result) {
	if len(r.events) == 0 && !r.buries() {
		p.settle(r, nil)
		return
	}
	p.slots <- struct{}{} // freed at the latest when all publishing times out
	p.wg.Go(func() {
		defer func() { <-p.slots }()
		p.settle(r, p.send(r))
	})
}

func (p *publisher) wait() { p.wg.Wait() }

func (r *result) buries() bool {
	for _, v := range r.verdict {
		if v.action == bury {
			return true
		}
	}
	return false
}

// send publishes everything and returns, by input, what could not be.
func (p *publisher) send(r *result) map[int]error {
	packs, err := p.e.cfg.Registry.Pack(r.events, 0)
	if err != nil { // the events were sealed, so this cannot be an input's fault
		return allFailed(r, err)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	failed := make(map[int]error)
	fail := func(err error, inputs ...int) {
		mu.Lock()
		defer mu.Unlock()
		for _, i := range inputs {
			failed[i] = err
		}
	}
	for _, pack := range packs {
		wg.Go(func() {
			if err := p.sendOne(pack.Message); err != nil {
				for _, k := range pack.Events {
					fail(err, r.from[k])
				}
			}
		})
	}
	for i, v := range r.verdict {
		if v.action != bury {
			continue
		}
		wg.Go(func() {
			if err := p.sendOne(v.letter.publication()); err != nil {
				fail(err, i)
			}
		})
	}
	wg.Wait()
	return failed
}

func allFailed(r *result, err error) map[int]error {
	failed := make(map[int]error)
	for i := range r.inputs {
		failed[i] = err
	}
	return failed
}

// sendOne publishes until the server has stored the message, through
// elections and reconnects, for as long as PublishTimeout.
func (p *publisher) sendOne(m event.Message) error {
	ctx, cancel := context.WithTimeout(p.e.ctx, p.e.cfg.PublishTimeout)
	defer cancel()
	for attempt := 1; ; attempt++ {
		err := p.try(ctx, m)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("publish on %s: %w", m.Subject, err)
		}
		if attempt == 1 {
			p.e.log.Warn("publish failed, trying again", zap.String("nats_subject", m.Subject), zap.Error(err))
		}
		select {
		case <-time.After(jittered(grow(publishPause, attempt, 2*time.Second))):
		case <-ctx.Done():
		}
	}
}

func (p *publisher) try(ctx context.Context, m event.Message) error {
	ctx, cancel := context.WithTimeout(ctx, publishTry)
	defer cancel()
	_, err := p.e.cfg.JetStream.PublishMsg(ctx, &nats.Msg{Subject: m.Subject, Header: nats.Header(m.Header), Data: m.Data})
	return err
}

// settle tells the inputs' owners, starts calls and puts back what must be
// decided again.
func (p *publisher) settle(r *result, failed map[int]error) {
	var missed []*Input
	for i, in := range r.inputs {
		v, call := r.verdict[i], r.decided[i].Call
		switch {
		case failed[i] != nil && in.letter != nil:
			in.letter.again = true
			missed = append(missed, in)
		case failed[i] != nil:
			p.e.log.Error("outputs of a command or tick were not published", in.fields(zap.Error(failed[i]))...)
			in.settled(failed[i])
		case v.action == again:
			in.failure = nil
			p.e.intake.later(group{inputs: []*Input{in}, alone: true}, v.pause)
		case v.action == bury, v.action == parked:
			in.settled(errDead)
		case call != nil:
			p.e.calls.start(in, call)
		default:
			in.settled(nil)
		}
	}
	switch {
	case len(missed) == 0:
	case p.e.ctx.Err() != nil:
		giveUp(missed, ErrStopped)
	default:
		p.e.log.Error("outputs were not published, their causes are decided again", zap.Int("inputs", len(missed)))
		p.e.intake.later(group{inputs: missed}, missedPause)
	}
}

// publication is the dead letter as a message: the original's headers and
// payload untouched, and what is known of its death in headers beside them.
// Headers that the server obeys are kept under dlq-nats-, and a payload that
// leaves no room for the headers is in the table alone.
func (l *Letter) publication() event.Message {
	header := make(map[string][]string, len(l.Message.Header)+12)
	size := len(l.Message.Data)
	for name, values := range l.Message.Header {
		if strings.HasPrefix(strings.ToLower(name), "nats-") {
			name = "dlq-" + name
		}
		header[name] = values
		for _, v := range values {
			size += len(name) + len(v) + 4
		}
	}
	set := func(name, value string) { header["dlq-"+name] = []string{oneLine(value)} }
	set("id", l.ID)
	set("handler", l.Handler)
	set("consumer", l.Consumer)
	set("event-id", l.EventID)
	set("kind", l.Kind)
	set("error", l.Error)
	set("attempts", strconv.Itoa(l.Attempts))
	set("subject", l.Message.Subject)
	set("first-at", l.FirstAt.Format(time.RFC3339Nano))
	set("dead-at", l.DeadAt.Format(time.RFC3339Nano))
	m := event.Message{Subject: "dlq." + l.Handler + "." + l.Kind, Header: header, Data: l.Message.Data}
	if size > event.MaxMessage-letterRoom {
		set("data", "too large to travel on, see the table")
		m.Data = nil
	}
	return m
}

// letterRoom is for what a dead letter's headers add to the original.
const letterRoom = 8 << 10

const maxHeader = 1024

// oneLine makes a text fit for a header.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
	if len(s) > maxHeader {
		s = strings.ToValidUTF8(s[:maxHeader], "")
	}
	return s
}
