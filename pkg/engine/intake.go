package engine

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
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
	busy   atomic.Int64 // when the running batch began, in Unix nanoseconds

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
	q.busy.Store(0)
	first, ok := q.first()
	if !ok {
		return nil
	}
	q.busy.Store(time.Now().UnixNano())
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

func (q *intake) busyFor() time.Duration {
	since := q.busy.Load()
	if since == 0 {
		return 0
	}
	return time.Since(time.Unix(0, since))
}

// batch is a batch in the making.
type batch struct {
	cfg    Config
	inputs []*Input
	weight int
}

func (b *batch) weigh(g group) int {
	w := 0
	for _, in := range g.inputs {
		w += in.weight(b.cfg)
	}
	return w
}

// weight is 1 for what will not be decided.
func (in *Input) weight(c Config) int {
	if in.failure != nil {
		return 1
	}
	return c.Weigh(in.Body)
}

// split cuts inputs that came together into groups that each fit into a batch.
func split(inputs []*Input, c Config, alone bool) []group {
	var out []group
	begin, weight := 0, 0
	for i, in := range inputs {
		w := in.weight(c)
		if i > begin && (i-begin >= c.MaxInputs || weight+w > c.MaxWeight) {
			out = append(out, group{inputs: inputs[begin:i:i], alone: alone})
			begin, weight = i, 0
		}
		weight += w
	}
	if begin < len(inputs) {
		out = append(out, group{inputs: inputs[begin:], alone: alone})
	}
	return out
}

func (b *batch) full() bool {
	return len(b.inputs) >= b.cfg.MaxInputs || b.weight >= b.cfg.MaxWeight
}

func (b *batch) fits(g group) bool {
	return len(b.inputs)+len(g.inputs) <= b.cfg.MaxInputs && b.weight+b.weigh(g) <= b.cfg.MaxWeight
}

func (b *batch) add(g group) {
	b.inputs = append(b.inputs, g.inputs...)
	b.weight += b.weigh(g)
}

// jittered spreads d over its upper half, so that many that failed together do
// not come back together.
func jittered(d time.Duration) time.Duration {
	return d/2 + rand.N(d/2+1)
}

// grow doubles d up to limit for each attempt after the first.
func grow(d time.Duration, attempt int, limit time.Duration) time.Duration {
	for ; attempt > 1 && d < limit; attempt-- {
		d *= 2
	}
	return min(d, limit)
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
