package engine

import (
	"sync"
	"sync/atomic"
	"time"
)

// Stats is what there is to see of an engine: what was counted since [New], and
// how things are now. To ask costs no question to the database or the broker.
type Stats struct {
	// Inputs counts what was decided, each time that it was, by where it came
	// from and what became of it. Every pair is there.
	Inputs []InputCount
	// Duplicates counts inputs that came twice in a batch and were decided once.
	Duplicates uint64
	// Batch is how many inputs the committed batches had.
	Batch Distribution
	// Reruns counts transactions that were rolled back and run again.
	Reruns uint64
	// Stages are the times of the stages of committed batches, in the order of
	// [Stages].
	Stages []Distribution

	// Received and Published are messages of the broker, packs of several events
	// among them; Redelivered are those of Received that had come before.
	Received, Redelivered, Published Traffic
	// EventsIn and EventsOut count the events in them.
	EventsIn, EventsOut uint64
	// Answers counts what the broker was told of messages, in the order of
	// [Answers].
	Answers []uint64
	// PublishFailures counts tries to publish a message that failed.
	PublishFailures uint64

	// InHand is how many inputs were taken in and are not settled.
	InHand int
	// Calls is how many outside calls have no outcome yet.
	Calls int
	// Unsent is how many committed events the broker has not stored yet, and
	// UnsentFor for how long the oldest has waited for that; zero if none waits.
	Unsent    int
	UnsentFor time.Duration
	// Stalled is as [Engine.Stalled] has it.
	Stalled time.Duration
	// Consumers are in the order of the [Config].
	Consumers []ConsumerStats
	// Letters are the dead letters, as [DeadLetters.Depth] has them.
	Letters []Depth
}

// InputCount counts inputs of one kind with one result.
type InputCount struct {
	// Kind is event, command, timer, call (the outcome of one) or replay.
	Kind string
	// Result is handled, refused (a command, for good), retried, or dead.
	Result string
	N      uint64
}

// Traffic counts messages and the bytes of their payloads.
type Traffic struct{ Messages, Bytes uint64 }

// The stages of a batch, see [Stages].
const (
	stageLoad = iota
	stageDecide
	stageSave
	stageCommit
	stagePublish
	stageSettle
	stages
)

// Stages names the stages of a batch: load, from BEGIN until the rows are there;
// decide; save, which on PostgreSQL only queues; commit, with what was queued;
// publish, until the broker has stored all; acknowledge.
func Stages() []string {
	return []string{"load", "decide", "save", "commit", "publish", "acknowledge"}
}

// The answers to a message, see [Answers].
const (
	answerAck = iota
	answerAgain
	answerDead
	answerFailed
	answers
)

// Answers names what the broker is told of a message: ack, it was handled; nak, it
// must come again; term, it is a dead letter; failed, it could not be told.
func Answers() []string { return []string{"ack", "nak", "term", "failed"} }

// The kinds and results of inputs.
const (
	kindEvent = iota
	kindCommand
	kindTimer
	kindCall
	kindReplay
	inputKinds
)

const (
	resultHandled = iota
	resultRefused
	resultRetried
	resultDead
	inputResults
)

var (
	inputKindNames   = [inputKinds]string{"event", "command", "timer", "call", "replay"}
	inputResultNames = [inputResults]string{"handled", "refused", "retried", "dead"}
)

// traffic is Traffic in the making.
type traffic struct{ messages, bytes atomic.Uint64 }

func (t *traffic) add(bytes int) {
	t.messages.Add(1)
	t.bytes.Add(uint64(bytes))
}

func (t *traffic) snapshot() Traffic { return Traffic{t.messages.Load(), t.bytes.Load()} }

// stats is Stats in the making: a few atomic counters a batch or message.
type stats struct {
	inputs                           [inputKinds][inputResults]atomic.Uint64
	duplicates, reruns               atomic.Uint64
	batch                            *histogram
	stages                           [stages]*histogram
	received, redelivered, published traffic
	eventsIn, eventsOut              atomic.Uint64
	answers                          [answers]atomic.Uint64
	publishFailures                  atomic.Uint64
	unsent                           unsent
}

func newStats() *stats {
	s := &stats{
		batch:  newHistogram(1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024),
		unsent: unsent{since: make(map[*result]time.Time)},
	}
	for i := range s.stages {
		s.stages[i] = newTimes()
	}
	return s
}

// committed counts a batch whose transaction is durable.
func (s *stats) committed(r *result) {
	s.batch.add(int64(len(r.inputs)))
	s.reruns.Add(uint64(r.reruns))
	for stage := stageLoad; stage <= stageCommit; stage++ {
		s.stages[stage].add(int64(r.laps.took[stage]))
	}
	var n [inputKinds][inputResults]uint64
	for i, in := range r.inputs {
		n[in.kind()][r.result(i)]++
	}
	for kind := range n {
		for result, count := range n[kind] {
			if count > 0 {
				s.inputs[kind][result].Add(count)
			}
		}
	}
}

func (in *Input) kind() int {
	switch {
	case len(in.replays) > 0:
		return kindReplay
	case in.outcome:
		return kindCall
	case in.letter != nil:
		return kindEvent
	case in.awaited:
		return kindCommand
	}
	return kindTimer
}

// result is what became of the i-th input.
func (r *result) result(i int) int {
	switch action := r.verdict[i].action; {
	case r.refused[i] == nil:
		return resultHandled
	case action == again:
		return resultRetried
	case action == bury, action == parked:
		return resultDead
	}
	return resultRefused
}

// laps times the stages of a transaction.
type laps struct {
	last time.Time
	took [stageCommit + 1]time.Duration
}

func (l *laps) end(stage int) {
	now := time.Now()
	l.took[stage] += now.Sub(l.last)
	l.last = now
}

// unsent is what is committed and not stored by the broker yet.
type unsent struct {
	mu     sync.Mutex // guards what follows
	since  map[*result]time.Time
	events int
}

func (u *unsent) begin(r *result) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.since[r] = time.Now()
	u.events += len(r.events)
}

func (u *unsent) end(r *result) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.since, r)
	u.events -= len(r.events)
}

func (u *unsent) snapshot() (events int, oldest time.Duration) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, since := range u.since {
		oldest = max(oldest, time.Since(since))
	}
	return u.events, oldest
}

// Stats returns what there is to see now.
func (e *Engine) Stats() Stats {
	c := e.stats
	s := Stats{
		Duplicates:      c.duplicates.Load(),
		Batch:           c.batch.snapshot(),
		Reruns:          c.reruns.Load(),
		Received:        c.received.snapshot(),
		Redelivered:     c.redelivered.snapshot(),
		Published:       c.published.snapshot(),
		EventsIn:        c.eventsIn.Load(),
		EventsOut:       c.eventsOut.Load(),
		PublishFailures: c.publishFailures.Load(),
		InHand:          e.inHand.count(),
		Calls:           e.calls.count(),
		Stalled:         e.Stalled(),
		Letters:         e.DeadLetters().Depth(),
	}
	s.Unsent, s.UnsentFor = c.unsent.snapshot()
	for kind := range c.inputs {
		for result := range c.inputs[kind] {
			s.Inputs = append(s.Inputs, InputCount{inputKindNames[kind], inputResultNames[result], c.inputs[kind][result].Load()})
		}
	}
	for _, h := range c.stages {
		s.Stages = append(s.Stages, h.snapshot())
	}
	for i := range c.answers {
		s.Answers = append(s.Answers, c.answers[i].Load())
	}
	for _, r := range e.readers {
		s.Consumers = append(s.Consumers, r.watch.stats())
	}
	return s
}
