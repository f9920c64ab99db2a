package breaker

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/sony/gobreaker/v2"
	"go.uber.org/zap"
)

// Config says when a breaker opens and how it closes. The zero value has
// defaults for everything.
type Config struct {
	// Failures is how many failures in a row open it; 10 if zero.
	Failures int
	// Pause is how long it stays open before the next probes; 1 s if zero.
	Pause time.Duration
	// Probes is how many calls are let through then, all of which must succeed;
	// 3 if zero.
	Probes int
	// Spread is the time within which those who waited come back after it has
	// closed, each at a random instant; 1 s if zero.
	Spread time.Duration
	// Works reports whether the error of a call, or nil, says that the other side
	// works: a refusal is an answer. If nil, any error is a failure.
	Works func(error) bool
	// Logger is told of each change; it may be nil.
	Logger *zap.Logger
}

func (c Config) withDefaults() Config {
	if c.Failures == 0 {
		c.Failures = 10
	}
	if c.Pause == 0 {
		c.Pause = time.Second
	}
	if c.Probes == 0 {
		c.Probes = 3
	}
	if c.Spread == 0 {
		c.Spread = time.Second
	}
	if c.Works == nil {
		c.Works = func(err error) bool { return err == nil }
	}
	if c.Logger == nil {
		c.Logger = zap.NewNop()
	}
	return c
}

// Breaker lets calls through or makes them wait. Make it with [New]; a nil
// Breaker lets everything through. Any number of goroutines may use it.
type Breaker struct {
	cfg  Config
	cb   *gobreaker.TwoStepCircuitBreaker[struct{}]
	turn chan struct{} // whoever waits and gets one may try

	mu      sync.Mutex // guards what follows; never held while cb is called
	status  Status
	failure error         // of the last call that failed
	closed  chan struct{} // closed while the breaker is
	changed chan struct{} // closed at the next change
}

// New returns a closed breaker. Settings below zero are refused.
func New(cfg Config) (*Breaker, error) {
	if min(cfg.Failures, cfg.Probes) < 0 || min(cfg.Pause, cfg.Spread) < 0 {
		return nil, errors.New("breaker: Failures, Pause, Probes and Spread must not be negative")
	}
	cfg = cfg.withDefaults()
	b := &Breaker{
		cfg:     cfg,
		turn:    make(chan struct{}, cfg.Probes),
		status:  Status{State: Closed, Since: time.Now()},
		closed:  make(chan struct{}),
		changed: make(chan struct{}),
	}
	close(b.closed)
	b.cb = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests:   uint32(cfg.Probes),
		Timeout:       cfg.Pause,
		ReadyToTrip:   func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= uint32(cfg.Failures) },
		IsSuccessful:  cfg.Works,
		IsExcluded:    func(err error) bool { return errors.Is(err, context.Canceled) },
		OnStateChange: func(_ string, _, to gobreaker.State) { b.become(to) },
	})
	return b, nil
}

// Enter waits until a call may be made. Leave must be called with the call's
// error, or nil, when it is over; one that was cancelled counts for nothing. The
// only error of Enter is the end of ctx; while the breaker is closed it does not
// look at ctx.
func (b *Breaker) Enter(ctx context.Context) (leave func(error), err error) {
	if b == nil {
		return func(error) {}, nil
	}
	for {
		closed := b.closing() // before it is asked: what happens meanwhile is not missed
		done, err := b.cb.Allow()
		if err == nil {
			return b.leave(done), nil
		}
		if err := b.wait(ctx, closed); err != nil {
			return nil, fmt.Errorf("the breaker is open: %w", err)
		}
	}
}

func (b *Breaker) wait(ctx context.Context, closed <-chan struct{}) error {
	b.waits(+1)
	defer b.waits(-1)
	select {
	case <-b.turn:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-closed:
	}
	t := time.NewTimer(rand.N(b.cfg.Spread))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *Breaker) leave(done func(error)) func(error) {
	return func(err error) {
		b.note(err)
		done(err)
		if b.cb.State() != gobreaker.StateClosed {
			b.offer(1) // there may be room for another probe
		}
	}
}

// Room says how many new calls whoever takes in work may ask for: any number
// while the breaker is closed, none while it is open, and one while it is half
// open and nobody waits who could probe. It must be asked again once changed is
// closed.
func (b *Breaker) Room() (n int, changed <-chan struct{}) {
	if b == nil {
		return math.MaxInt, nil
	}
	state := b.cb.State() // whose change, if it is one, is noted before the next line
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case state == gobreaker.StateClosed:
		return math.MaxInt, b.changed
	case state == gobreaker.StateHalfOpen && b.status.Waiting == 0:
		return 1, b.changed
	}
	return 0, b.changed
}

// become is called with gobreaker's lock held.
func (b *Breaker) become(to gobreaker.State) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	switch to {
	case gobreaker.StateOpen:
		if b.status.State == Closed {
			b.closed = make(chan struct{})
			b.status.Since = now
			b.status.Opened++
			b.cfg.Logger.Warn("the breaker opens: no call is made until a probe succeeds", zap.NamedError("reason", b.failure))
		}
		b.status.State, b.status.Reason, b.status.Cause = Open, b.failure.Error(), b.failure
		b.status.NextProbe = now.Add(b.cfg.Pause)
		time.AfterFunc(b.cfg.Pause+time.Millisecond, b.probe) // a moment after gobreaker's own end
	case gobreaker.StateHalfOpen:
		b.status.State = HalfOpen
	case gobreaker.StateClosed:
		b.status.State, b.status.Since, b.status.Reason, b.status.Cause, b.status.NextProbe = Closed, now, "", nil, time.Time{}
		close(b.closed)
		b.cfg.Logger.Info("the breaker closes: calls are made again", zap.Int("waiting", b.status.Waiting))
	}
	b.change()
}

// probe wakes as many as may probe, and whoever takes in work.
func (b *Breaker) probe() {
	b.offer(b.cfg.Probes)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.change()
}

func (b *Breaker) offer(n int) {
	for range n {
		select {
		case b.turn <- struct{}{}:
		default: // enough for all probes
		}
	}
}

// change wants mu.
func (b *Breaker) change() {
	close(b.changed)
	b.changed = make(chan struct{})
}

func (b *Breaker) closing() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.closed
}

func (b *Breaker) waits(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status.Waiting += n
	if b.status.Waiting == 0 {
		b.change() // those who take in work may have to bring the next probe
	}
}

func (b *Breaker) note(err error) {
	works := b.cfg.Works(err)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case errors.Is(err, context.Canceled):
	case works:
		b.status.Succeeded++
	default:
		b.status.Failed++
		b.failure = err
	}
}
