package engine

import (
	"context"
	"slices"
	"sync"
	"time"
)

// group is inputs that came together, of one lane, and are decided together as far
// as a batch has room for them.
type group struct {
	inputs []*Input
	alone  bool // nothing else may be in its batch
}

// intake gathers what arrives into batches: what is urgent first.
type intake struct {
	cfg    Config
	urgent *line
	others *line
	closed chan struct{}

	last   int       // size of the batch before
	passed bool      // it had none of the others
	rushed time.Time // when something urgent last went into a batch
	pace   pace      // of the others while something urgent comes

	timers sync.WaitGroup // one for each of waiting, until it is put back

	mu      sync.Mutex // guards what follows
	waiting map[*time.Timer]group
	dropped bool
}

const (
	queueLength = 1024
	// othersShare is the part of a batch, one in so many, that is for what is not
	// urgent while urgent inputs come: as much as it gets, whatever else there is,
	// and no more, so that nothing urgent waits for the largest batches. Less would
	// not help: what a batch costs by itself is then paid more often, by everybody.
	othersShare = 2
	// rush is how long urgent inputs are expected after the last one.
	rush = 10 * time.Second
)

func newIntake(cfg Config) *intake {
	return &intake{
		cfg:     cfg,
		urgent:  newLine(),
		others:  newLine(),
		closed:  make(chan struct{}),
		waiting: make(map[*time.Timer]group),
	}
}

// line is where a group waits.
func (q *intake) line(g group) *line {
	if q.cfg.urgent(g.inputs[0]) {
		return q.urgent
	}
	return q.others
}

// put waits for room in the queue.
func (q *intake) put(ctx context.Context, g group) error {
	queue := q.line(g).queue
	select {
	case queue <- g:
		return nil
	default:
	}
	select {
	case queue <- g:
		return nil
	case <-ctx.Done():
		return ErrBusy
	case <-q.closed:
		return ErrStopped
	}
}

// putAgain brings back inputs that are in hand. It blocks until the loop takes
// them and reports false if the loop has ended.
func (q *intake) putAgain(g group) bool {
	select {
	case q.line(g).again <- g:
		return true
	case <-q.closed:
		return false
	}
}

// later brings g back after a pause, or gives it up once dropWaiting was
// called.
func (q *intake) later(g group, pause time.Duration) {
	if !q.wait(g, pause) {
		giveUp(g.inputs, errWaiting)
	}
}

func (q *intake) wait(g group, pause time.Duration) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.dropped {
		return false
	}
	q.timers.Add(1)
	var t *time.Timer
	t = time.AfterFunc(pause, func() {
		defer q.timers.Done()
		q.mu.Lock()
		_, mine := q.waiting[t]
		delete(q.waiting, t)
		q.mu.Unlock()
		if mine && !q.putAgain(g) {
			giveUp(g.inputs, ErrStopped)
		}
	})
	q.waiting[t] = g
	return true
}

// dropWaiting gives up the inputs that wait for their next attempt, now and
// from now on: they will be delivered again.
func (q *intake) dropWaiting() {
	q.mu.Lock()
	dropped := q.waiting
	q.waiting, q.dropped = make(map[*time.Timer]group), true
	q.mu.Unlock()
	for t, g := range dropped {
		if t.Stop() {
			q.timers.Done()
		}
		giveUp(g.inputs, errWaiting)
	}
}

func (q *intake) close() { close(q.closed) }

// next waits for the next batch; nil means that the intake was closed.
func (q *intake) next() []*Input {
	l, first, ok := q.first()
	if !ok {
		return nil
	}
	b := q.begin(l)
	q.add(b, l, first)
	if !first.alone {
		q.fill(b)
	}
	q.last = len(b.inputs)
	return b.inputs
}

// first waits for what the next batch begins with: something urgent, unless the
// others had no place in the batch before.
func (q *intake) first() (*line, group, bool) {
	for {
		pause := q.pause()
		order := []*line{q.urgent, q.others}
		switch {
		case pause != nil:
			order = order[:1]
		case q.passed:
			slices.Reverse(order)
		}
		for _, l := range order {
			if g, ok := l.take(); ok {
				return l, g, true
			}
		}
		if l, g, ok := q.await(nil, pause); ok || pause == nil || q.isClosed() {
			return l, g, ok
		}
	}
}

// pause returns what is closed when the others may go on; nil if they may.
func (q *intake) pause() <-chan struct{} {
	if time.Since(q.rushed) >= rush {
		return nil
	}
	return q.pace.pause()
}

// await returns the next group of either line, of the urgent one alone during a
// pause, or false once that is over, the time is up or the intake is closed.
func (q *intake) await(up <-chan time.Time, pause <-chan struct{}) (*line, group, bool) {
	again, queue := q.others.again, q.others.queue
	if pause != nil {
		again, queue = nil, nil
	}
	select {
	case g := <-q.urgent.again:
		return q.urgent, g, true
	case g := <-q.urgent.queue:
		return q.urgent, g, true
	case g := <-again:
		return q.others, g, true
	case g := <-queue:
		return q.others, g, true
	case <-pause:
	case <-up:
	case <-q.closed:
	}
	return nil, group{}, false
}

func (q *intake) isClosed() bool {
	select {
	case <-q.closed:
		return true
	default:
		return false
	}
}

// begin shares out the room in a new batch, that begins with an input of l.
func (q *intake) begin(l *line) *batch {
	b := newBatch(q.cfg)
	q.urgent.room, q.others.room = b.room, b.room
	if l == q.urgent || time.Since(q.rushed) < rush {
		q.others.room = room{inputs: max(1, b.room.inputs/othersShare), weight: max(1, b.room.weight/othersShare)}
		q.urgent.room = room{inputs: max(1, b.room.inputs-q.others.room.inputs), weight: max(1, b.room.weight-q.others.room.weight)}
	}
	if l == q.urgent && q.pause() != nil {
		q.others.room = room{}
	}
	q.passed = true
	return b
}

func (q *intake) add(b *batch, l *line, g group) {
	switch {
	case b.add(l, g) == 0:
	case l == q.others:
		q.passed = false
	default:
		b.urgent, q.rushed = true, time.Now()
	}
}

// fill adds what is there. Only after a batch of several inputs does it wait a
// moment for more: an idle engine answers at once, and a busy one does once it has
// something urgent.
func (q *intake) fill(b *batch) {
	var linger <-chan time.Time
	if q.last >= 4 && q.cfg.Linger > 0 && q.cfg.MaxInputs > 1 {
		t := time.NewTimer(q.cfg.Linger)
		defer t.Stop()
		linger = t.C
	}
	for !b.full() {
		l, g, ok := q.ready()
		if !ok && b.urgent && !b.lent {
			q.urgent.room, b.lent = b.room, true
			continue
		}
		if !ok && linger != nil && !b.urgent && q.others.open() && q.urgent.open() {
			l, g, ok = q.await(linger, nil)
		}
		switch {
		case !ok:
			return
		case g.alone:
			l.leave(g)
		default:
			q.add(b, l, g)
		}
	}
}

// ready returns a group that is there and has room, the urgent first.
func (q *intake) ready() (*line, group, bool) {
	for _, l := range [2]*line{q.urgent, q.others} {
		if !l.open() {
			continue
		}
		if g, ok := l.take(); ok {
			return l, g, true
		}
	}
	return nil, group{}, false
}

// drain gives up what nobody will decide any more.
func (q *intake) drain() {
	for _, l := range [2]*line{q.urgent, q.others} {
		for g, ok := l.take(); ok; g, ok = l.take() {
			giveUp(g.inputs, ErrStopped)
		}
	}
}
