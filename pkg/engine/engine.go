package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

// Config says what an engine runs and how much of it at a time. Name, DB and
// Decider are required; the rest has defaults.
type Config struct {
	// Name is the service's name: the source of its events and the handler in
	// its inbox and dead letters. It must never change. It is a token of a NATS
	// subject: no spaces, dots or wildcards.
	Name string
	// DB is the service's database. [Migrate] must have run on it.
	DB *sqldb.DB
	// Decider decides.
	Decider Decider
	// JetStream carries events; it may be nil for a service without any.
	JetStream jetstream.JetStream
	// Registry checks and codes events; required with JetStream.
	Registry *event.Registry
	// Consumers are the durable consumers to read.
	Consumers []Consumer
	// Restore, if not nil, is called when a consumer or its stream is not there
	// (any more), to make it again. Several readers may call it at once.
	Restore func(context.Context) error
	// Timers are asked in turn what is due.
	Timers []Timer
	// Logger may be nil.
	Logger *zap.Logger

	// MaxInputs is how many inputs a batch may have; 256 if zero. 1 handles
	// one input at a time.
	MaxInputs int
	// MaxWeight bounds a batch by the sum of Weigh; 4,000 if zero.
	MaxWeight int
	// Weigh says how much work the body of an input is; 1 each if nil.
	Weigh func(body any) int
	// MaxAttempts is how often an input is tried before it is a dead letter;
	// 5 if zero.
	MaxAttempts int
	// RetryPause is the pause before the second attempt, doubled for each
	// further one and spread by jitter; 200 ms if zero.
	RetryPause time.Duration
	// Linger is how long a batch waits for company after a batch of four or
	// more; 2 ms if zero, none if negative. An idle engine never waits.
	Linger time.Duration
	// MaxCalls is how many outside calls run at a time; 512 if zero.
	MaxCalls int
	// CallPause is the pause after a call without an answer, doubled each time
	// up to 5 s and spread by jitter; 50 ms if zero.
	CallPause time.Duration
	// TransactionTimeout frees the loop from a database that neither answers
	// nor refuses, and from a decider that does not return; 30 s if zero.
	TransactionTimeout time.Duration
	// PublishTimeout is how long a publish is tried before its cause counts as
	// not handled and is decided again; 30 s if zero. Elections of a cluster
	// take several seconds.
	PublishTimeout time.Duration
	// StopTimeout bounds Stop; 25 s if zero.
	StopTimeout time.Duration
}

func (c Config) withDefaults() Config {
	def(&c.MaxInputs, 256)
	def(&c.MaxWeight, 4000)
	def(&c.MaxAttempts, 5)
	def(&c.RetryPause, 200*time.Millisecond)
	def(&c.Linger, 2*time.Millisecond)
	def(&c.MaxCalls, 512)
	def(&c.CallPause, 50*time.Millisecond)
	def(&c.TransactionTimeout, 30*time.Second)
	def(&c.PublishTimeout, 30*time.Second)
	def(&c.StopTimeout, 25*time.Second)
	if c.Weigh == nil {
		c.Weigh = func(any) int { return 1 }
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	return c
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (c Config) validate() error {
	switch {
	case c.Name == "":
		return errors.New("no Name is given")
	case strings.ContainsAny(c.Name, " \t\r\n.*>"):
		return fmt.Errorf("the Name %q must be one token of a NATS subject: no spaces, dots or wildcards", c.Name)
	case c.DB == nil || c.Decider == nil:
		return errors.New("a DB and a Decider are required")
	case len(c.Consumers) > 0 && c.JetStream == nil:
		return errors.New("a JetStream is required for Consumers")
	case c.JetStream != nil && c.Registry == nil:
		return errors.New("a Registry is required with a JetStream")
	case c.MaxInputs < 0 || c.MaxWeight < 0 || c.MaxAttempts < 0 || c.MaxCalls < 0:
		return errors.New("none of MaxInputs, MaxWeight, MaxAttempts and MaxCalls may be negative")
	case min(c.RetryPause, c.CallPause, c.TransactionTimeout, c.PublishTimeout, c.StopTimeout) < 0:
		return errors.New("pauses and timeouts must not be negative")
	}
	for _, r := range c.Consumers {
		if r.Stream == "" || r.Name == "" || r.MaxInHand < 0 {
			return errors.New("a Consumer needs Stream and Name, and a MaxInHand that is not negative")
		}
	}
	for _, t := range c.Timers {
		if t.Every <= 0 || t.Due == nil {
			return errors.New("a Timer needs Due, and an Every above zero")
		}
	}
	return nil
}

// Engine runs one service's decisions. Make it with [New].
type Engine struct {
	cfg     Config
	log     *zap.Logger
	intake  *intake
	calls   *calls
	outbox  *publisher
	letters *failures
	marks   *marks

	mu      sync.Mutex // guards started and stopped
	started bool
	stopped bool

	stopping   chan struct{} // closed when Stop begins
	stopOnce   sync.Once
	stopErr    error
	abort      context.CancelFunc // ends what Stop did not wait for
	ctx        context.Context    // done when aborted
	sources    sync.WaitGroup     // consumers, timers
	background sync.WaitGroup     // calls, heartbeats
	inHand     *gauge             // inputs taken in and not settled
	loop       chan struct{}      // closed when the loop has ended
	onBatch    func(Batch)        // nil, or a test's or a metric's view
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
		stopping: make(chan struct{}),
		ctx:      ctx,
		abort:    abort,
		inHand:   newGauge(),
		loop:     make(chan struct{}),
	}
	e.intake = newIntake(cfg)
	e.calls = newCalls(e)
	e.outbox = newPublisher(e)
	e.letters = &failures{handler: cfg.Name, db: cfg.DB, limit: cfg.MaxAttempts, pause: cfg.RetryPause}
	e.marks = newMarks(cfg.DB)
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
	for _, c := range e.cfg.Consumers {
		e.sources.Go(func() { newReader(e, c).run() })
	}
	for _, t := range e.cfg.Timers {
		e.sources.Go(func() { e.tick(t) })
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
	if e.cfg.JetStream != nil { // acknowledgements lie in the connection's buffer
		if err := e.cfg.JetStream.Conn().FlushTimeout(time.Second); err != nil {
			e.log.Warn("acknowledgements may be lost, their messages then come again", zap.Error(err))
		}
	}
	return e.inHand.unfinished()
}

// Stalled returns how long the oldest batch has been in its transaction, zero
// if there is none: a process whose loop hangs is not alive.
func (e *Engine) Stalled() time.Duration { return e.intake.busyFor() }

// Do decides a command and returns the decision's reply once it is durable.
// The decider's error is returned as it is. If ctx ends first, the command may
// still be decided; ErrBusy says so.
func (e *Engine) Do(ctx context.Context, body any, meta Meta) (any, error) {
	select {
	case <-e.stopping:
		return nil, ErrStopped
	default:
	}
	c := newCommand()
	if err := e.submit(ctx, &Input{Body: body, Meta: meta, owed: []owner{c}}); err != nil {
		return nil, err
	}
	select {
	case r := <-c.done:
		return r.reply, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrBusy, ctx.Err())
	case <-e.loop:
	}
	select {
	case r := <-c.done: // answered just before the end
		return r.reply, r.err
	default:
		return nil, ErrStopped
	}
}

func (e *Engine) submit(ctx context.Context, in *Input) error {
	return e.submitGroup(ctx, group{inputs: []*Input{in}})
}

// submitGroup takes in inputs. If it returns an error they were not taken in,
// and their owners are told nothing.
func (e *Engine) submitGroup(ctx context.Context, g group) error {
	e.inHand.add(len(g.inputs))
	for _, in := range g.inputs {
		in.owed = append(in.owed, e.inHand)
	}
	if err := e.intake.put(ctx, g); err != nil {
		e.inHand.add(-len(g.inputs))
		return err
	}
	return nil
}

// command is the owner of an input that somebody waits for.
type command struct{ done chan reply }

type reply struct {
	reply any
	err   error
}

func newCommand() *command { return &command{done: make(chan reply, 1)} }

func (c *command) committed(r any, err error) { c.answer(reply{r, err}) }

func (c *command) settled(err error) {
	switch {
	case err == nil:
	case errors.Is(err, ErrStopped):
		c.answer(reply{err: ErrStopped})
	default:
		c.answer(reply{err: fmt.Errorf("%w: %w", ErrBusy, err)})
	}
}

func (c *command) answer(r reply) {
	select {
	case c.done <- r:
	default: // answered before
	}
}
