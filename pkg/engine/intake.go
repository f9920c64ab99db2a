package engine

import (
	"context"
	"sync"
	"time"
)

// group is inputs that came together and are decided together.
type group struct {
	inputs []*Input
	alone  bool // nothing else may be in its batch
}

// intake gathers what arrives into batches.
type intake struct {
	cfg    Config
	queue  chan group // commands, messages and ticks: bounded, full means wait
	again  chan group // outcomes and retries: bounded by what is in hand already
	carry  *group     // taken from a queue but too large for the batch before
	last   int        // size of the batch before
	closed chan struct{}

	timers sync.WaitGroup // one for each of waiting, until it is put back

	mu      sync.Mutex // guards what follows
	waiting map[*time.Timer]group
	dropped bool
}

const queueLength = 1024

func newIntake(cfg Config) *intake {
	return &intake{
		cfg:     cfg,
		queue:   make(chan group, queueLength),
		again:   make(chan group),
		closed:  make(chan struct{}),
		waiting: make(map[*time.Timer]group),
	}
}

// put waits for room in the queue.
func (q *intake) put(ctx context.Context, g group) error {
	select {
	case q.queue <- g:
		return nil
	default:
	}
	select {
	case q.queue <- g:
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
	case q.again <- g:
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
	first, ok := q.first()
	if !ok {
		return nil
	}
	b := &batch{cfg: q.cfg}
	b.add(first)
	if !first.alone {
		q.fill(b)
	}
	q.last = len(b.inputs)
	return b.inputs
}

func (q *intake) first() (group, bool) {
	if g := q.carry; g != nil {
		q.carry = nil
		return *g, true
	}
	select {
	case g := <-q.again:
		return g, true
	case g := <-q.queue:
		return g, true
	case <-q.closed:
		return group{}, false
	}
}

// fill adds what is there. Only after a batch of several inputs does it wait a
// moment for more: an idle engine answers at once.
func (q *intake) fill(b *batch) {
	var linger <-chan time.Time
	if q.last >= 4 && q.cfg.Linger > 0 && q.cfg.MaxInputs > 1 {
		t := time.NewTimer(q.cfg.Linger)
		defer t.Stop()
		linger = t.C
	}
	for !b.full() {
		g, ok := q.more(linger)
		if !ok {
			return
		}
		if g.alone || !b.fits(g) {
			q.carry = &g
			return
		}
		b.add(g)
	}
}

func (q *intake) more(linger <-chan time.Time) (group, bool) {
	select {
	case g := <-q.again:
		return g, true
	case g := <-q.queue:
		return g, true
	default:
	}
	if linger == nil {
		return group{}, false
	}
	select {
	case g := <-q.again:
		return g, true
	case g := <-q.queue:
		return g, true
	case <-linger:
		return group{}, false
	case <-q.closed:
		return group{}, false
	}
}

// drain gives up what nobody will decide any more.
func (q *intake) drain() {
	for {
		g, ok := q.more(nil)
		if !ok {
			return
		}
		giveUp(g.inputs, ErrStopped)
	}
}
