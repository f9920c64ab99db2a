package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"orderly/pkg/event"
)

var (
	errUndecodable   = errors.New("the message could not be read")
	errKilledProcess = fmt.Errorf("delivered %d times without an answer: handling it seems to end the process", maxDeliveries)
)

// open decodes and validates a message, once.
func (r *reader) open(m *message) []*Input {
	raw := event.Message{Subject: m.msg.Subject(), Header: m.msg.Headers(), Data: m.msg.Data()}
	if meta, err := m.msg.Metadata(); err == nil {
		m.deliveries, m.stored = int(meta.NumDelivered), meta.Timestamp
	}
	if m.deliveries >= maxOpened {
		return []*Input{r.unread(m, raw, Never(errKilledProcess))}
	}
	results, err := r.e.open(raw)
	if err != nil {
		return []*Input{r.unread(m, raw, Never(fmt.Errorf("%w: %w", errUndecodable, err)))}
	}
	if m.deliveries >= maxDeliveries && len(results) == 1 && !errors.Is(results[0].Err, event.ErrUnknown) {
		return []*Input{r.unread(m, raw, Never(errKilledProcess))}
	}
	inputs := make([]*Input, 0, len(results))
	for i := range results {
		inputs = append(inputs, r.input(m, &results[i], raw, len(results) == 1))
	}
	return inputs
}

// open reads a message by today's contracts.
func (e *Engine) open(raw event.Message) (results []event.Result, err error) {
	err = caught(func() (err error) {
		results, err = e.cfg.Registry.Open(raw)
		return err
	})
	return results, err
}

// of makes the input that of an event.
func (in *Input) of(ev *event.Event) {
	in.Body, in.Event, in.cause = ev.Payload, ev, ev.ID
	in.Meta = Meta{CorrelationID: ev.CorrelationID, CausationID: ev.ID, TraceParent: ev.TraceParent, Lane: ev.Lane}
	def(&in.Meta.CorrelationID, ev.ID)
}

func (r *reader) input(m *message, res *event.Result, raw event.Message, single bool) *Input {
	ev := &res.Event
	in := &Input{
		owed:   make([]owner, 0, 2), // its message, and the count of what is in hand
		letter: &letter{consumer: r.cfg.Name, raw: raw, again: m.deliveries > 1},
	}
	in.of(ev)
	if !single {
		in.letter.one = ev
	}
	if res.Err != nil { // its id is not to be trusted: another event may have it too
		in.failure, in.unopened = r.e.unreadable(ev, res.Err), true
		in.cause = digest(in.letter.message())
	}
	r.e.tracer.received(m, in)
	return in
}

// newerPause is how long an event of a newer version waits before its turn comes
// again, to no avail: this engine does not learn.
const newerPause = 30 * time.Second

// unreadable is the verdict on an event that could not be opened. One whose name is
// known, but in older versions only, was sent by a program that is ahead of this one.
// It is nobody's fault: it stays in hand, and goes back to the stream for whoever
// knows it when this engine stops. As many as may be in hand hold up their consumer.
func (e *Engine) unreadable(ev *event.Event, err error) error {
	known, ok := e.cfg.Registry.Lookup(ev.Name, 0)
	if errors.Is(err, event.ErrUnknown) && ok && ev.Version > known.Version {
		return NotYet(e.newerPause, fmt.Errorf("%w: up to version %d is known here, so it waits for a program that is newer", err, known.Version))
	}
	return Never(fmt.Errorf("%w: %w", errUndecodable, err))
}

// unread is the input that stands for a message as a whole.
func (r *reader) unread(m *message, raw event.Message, failure error) *Input {
	return &Input{
		cause:   digest(raw),
		letter:  &letter{consumer: r.cfg.Name, raw: raw, again: m.deliveries > 1},
		failure: failure, unopened: true,
	}
}

// digest identifies a message that has no readable id by all that it holds. Its
// sequence would not do: after a loss of the broker it is used again.
func digest(m event.Message) string {
	h := sha256.New()
	header, _ := json.Marshal(m.Header) // a map of strings always marshals, in key order
	fmt.Fprintf(h, "%s\x00%s\x00", m.Subject, header)
	h.Write(m.Data)
	return "sha256-" + hex.EncodeToString(h.Sum(nil))
}
