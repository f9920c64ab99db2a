package engine

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
)

// Engine runs one service's decisions. Make it with [New].
type Engine struct {
	cfg     Config
	log     *zap.Logger
	tracer  *tracer
	intake  *intake
	calls   *calls
	outbox  *publisher
	letters *failures

	newerPause time.Duration // newerPause, but in tests
	replays    *replays
	marks      *marks
	readers    []*reader
	stats      *stats

	mu      sync.Mutex // guards started and stopped
	started bool
	stopped bool

	stopping   chan struct{} // closed when Stop begins
	running    context.Context
	halt       context.CancelFunc // ends running, with stopping
	stopOnce   sync.Once
	stopErr    error
	abort      context.CancelFunc          // ends what Stop did not wait for
	ctx        context.Context             // done when aborted
	sources    sync.WaitGroup              // consumers, timers
	background sync.WaitGroup              // calls, heartbeats
	inHand     *gauge                      // inputs taken in and not settled
	busy       atomic.Pointer[time.Time]   // since when the loop is; nil if it waits
	asking     []atomic.Pointer[time.Time] // when each of the timers began to ask; nil if it does not
	loop       chan struct{}               // closed when the loop has ended
	onBatch    func(Batch)                 // nil, or somebody's view
}

// Batch is one committed batch, as [Engine.Observe] shows it.
type Batch struct {
	Inputs  int
	Events  int
	Reruns  int // transactions rolled back and run again
	Elapsed time.Duration
}

// abortGrace is how long what was aborted may take to end: a pull under way takes
// two seconds at most.
const abortGrace = 4 * time.Second

// New returns an engine that does nothing until Start.
func New(cfg Config) (*Engine, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("engine %s: %w", cfg.Name, err)
	}
	ctx, abort := context.WithCancel(context.Background())
	e := &Engine{
		cfg:      cfg,
		log:      cfg.Logger.With(zap.String("service", cfg.Name)),
		tracer:   newTracer(cfg),
		stopping: make(chan struct{}),
		ctx:      ctx,
		abort:    abort,
		inHand:   newGauge(),
		asking:   make([]atomic.Pointer[time.Time], len(cfg.Timers)),
		loop:     make(chan struct{}),
		stats:    newStats(),

		newerPause: newerPause,
	}
	e.running, e.halt = context.WithCancel(ctx)
	e.intake = newIntake(cfg)
	e.calls = newCalls(e)
	e.outbox = newPublisher(e)
	e.letters = &failures{handler: cfg.Name, db: cfg.DB, policy: policies(cfg)}
	e.replays = newReplays(e)
	e.marks = newMarks(cfg.DB)
	for _, c := range cfg.Consumers {
		e.readers = append(e.readers, newReader(e, c))
	}
	return e, nil
}

// Observe has fn called after each commit, from the engine's loop: it must be
// quick. It must be called before Start.
func (e *Engine) Observe(fn func(Batch)) { e.onBatch = fn }

// Start begins to fetch and decide. It returns at once; a second call, and one
// after Stop, is refused. Every started engine must be stopped.
func (e *Engine) Start() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.stopped:
		return fmt.Errorf("engine %s: started after Stop", e.cfg.Name)
	case e.started:
		return fmt.Errorf("engine %s: started twice", e.cfg.Name)
	}
	e.started = true
	go e.run()
	for _, r := range e.readers {
		e.sources.Go(r.run)
	}
	if len(e.readers) > 0 {
		e.sources.Go(e.watchConsumers)
	}
	for i, t := range e.cfg.Timers {
		e.sources.Go(func() { e.tick(t, &e.asking[i]) })
	}
	if e.cfg.Registry != nil {
		e.sources.Go(e.replays.run)
	}
	return nil
}

// Stop is the clean end: no new pull, no new command; what is in hand is
// decided, published and acknowledged. What is not done within StopTimeout or
// when ctx ends is left to be delivered again, and Stop says so. A second call
// waits for the first and returns the same. Connections and databases may be
// closed once it has returned.
func (e *Engine) Stop(ctx context.Context) error {
	e.stopOnce.Do(func() { e.stopErr = e.stop(ctx) })
	return e.stopErr
}

func (e *Engine) stop(ctx context.Context) error {
	e.mu.Lock()
	e.stopped = true
	started, before := e.started, e.inHand.missedSoFar()
	close(e.stopping)
	e.halt()
	e.mu.Unlock()
	if !started {
		e.abort()
		go e.run() // refuses the commands that wait
	}
	ctx, cancel := context.WithTimeout(ctx, e.cfg.StopTimeout)
	defer cancel()
	stopAbort := context.AfterFunc(ctx, e.abort)
	defer stopAbort()
	ended := make(chan int, 1)
	go func() { ended <- e.windDown(ctx, started) }()
	left, ok := e.await(ctx, ended)
	switch {
	case !ok:
		return fmt.Errorf("engine %s: stopped, but a call or decider goes on although its context has ended", e.cfg.Name)
	case left > before:
		return fmt.Errorf("engine %s: stopped with %d inputs unfinished, events among them will be delivered again", e.cfg.Name, left-before)
	}
	return nil
}

// await gives what was aborted a moment to notice it.
func (e *Engine) await(ctx context.Context, ended <-chan int) (left int, ok bool) {
	select {
	case left = <-ended:
		return left, true
	case <-ctx.Done():
	}
	select {
	case left = <-ended:
		return left, true
	case <-time.After(abortGrace):
		return 0, false
	}
}

// windDown ends everything in the order in which work flows, and returns how
// many inputs there ever was no time for.
func (e *Engine) windDown(ctx context.Context, finish bool) int {
	if finish {
		e.sources.Wait()
		e.intake.dropWaiting()
		e.inHand.wait(ctx)
	}
	e.abort()
	e.intake.close()
	<-e.loop
	e.outbox.wait()
	e.background.Wait()
	e.intake.timers.Wait()
	e.replays.close()
	if e.cfg.JetStream != nil { // acknowledgements lie in the connection's buffer
		if err := e.cfg.JetStream.Conn().FlushTimeout(time.Second); err != nil {
			e.log.Warn("acknowledgements may be lost, their messages then come again", zap.Error(err))
		}
	}
	return e.inHand.unfinished()
}

// Mute returns for how long the broker has taken nothing that the engine wanted
// to publish; zero if it took the last message. What is committed is sent again
// until it is taken, and the engine stops taking in more meanwhile.
func (e *Engine) Mute() time.Duration { return elapsed(e.outbox.failing.Load()) }

// Stalled returns for how long one of the engine's loops has been busy with one
// thing: the loop that decides, with a transaction from Load to COMMIT or the answers
// to its callers, or a [Timer] that asks what is due. It is zero while they pause,
// wait or are held up by the broker. Where it is much longer than
// TransactionTimeout, something does not return, and the process is not alive.
func (e *Engine) Stalled() time.Duration {
	longest := elapsed(e.busy.Load())
	for i := range e.asking {
		longest = max(longest, elapsed(e.asking[i].Load()))
	}
	return longest
}

// Calls returns how many calls to the outside have no outcome yet, those that wait
// among them.
func (e *Engine) Calls() int { return e.calls.count() }

// elapsed is the time since an instant, zero for none. The instants keep their
// monotonic reading, so that a clock that is set does not count.
func elapsed(since *time.Time) time.Duration {
	if since == nil {
		return 0
	}
	return time.Since(*since)
}
