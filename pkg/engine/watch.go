package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

// ConsumerStats is how a consumer is, as a look every five seconds found it, which
// asks the broker beside all that the engine does otherwise. Replicas see the same,
// but for Rebinds and Failing.
type ConsumerStats struct {
	Stream, Name string
	// Waiting is how many messages nobody got yet, InHand how many somebody got and
	// has not acknowledged.
	Waiting uint64
	InHand  int
	// Pulls is how many requests for messages wait at the broker.
	Pulls int
	// Oldest is the age of the oldest message that is not acknowledged, whether it
	// waits or is in hand; zero if there is none. It grows from look to look.
	Oldest time.Duration
	// LookedAt is when the broker last told; zero before the first time.
	LookedAt time.Time
	// Rebinds is how often this process has bound it anew, see [Config.StuckAfter].
	Rebinds uint64
	// Failing says why messages wait that nobody gets, where to bind the consumer
	// anew has not helped; empty otherwise.
	Failing string
}

// watch looks at one consumer, and binds it anew where messages wait, the reader
// asks for them, and none comes.
type watch struct {
	r      *reader
	stream jetstream.Stream // nil until it was needed

	// What the last look found, of the looks' own.
	delivered uint64
	created   time.Time
	heldBack  uint64
	still     time.Time // since when nothing moves; zero if something does
	tries     int       // to bind it anew, since then

	mu    sync.Mutex // guards found and known
	found ConsumerStats
	known time.Time // when found.Oldest was right
}

func newWatch(r *reader) *watch {
	return &watch{r: r, found: ConsumerStats{Stream: r.cfg.Stream, Name: r.cfg.Name}}
}

func (w *watch) stats() ConsumerStats {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.found
	if s.Oldest > 0 {
		s.Oldest += time.Since(w.known)
	}
	return s
}

// watchConsumers looks until the engine stops.
func (e *Engine) watchConsumers() {
	every := min(lookEvery, e.cfg.StuckAfter/2)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		var looks sync.WaitGroup
		for _, r := range e.readers {
			looks.Go(func() { r.watch.look(every) })
		}
		looks.Wait()
		select {
		case <-tick.C:
		case <-e.stopping:
			return
		}
	}
}

// look asks the broker once.
func (w *watch) look(limit time.Duration) {
	ctx, cancel := context.WithTimeout(w.r.e.running, limit)
	defer cancel()
	c, err := w.r.e.cfg.JetStream.Consumer(ctx, w.r.cfg.Stream, w.r.cfg.Name)
	switch {
	case vanished(err):
		w.judge(nil)
		return
	case err != nil: // who is away cannot be judged
		w.still = time.Time{}
		w.r.log.Debug("consumer could not be looked at", zap.Error(err))
		return
	}
	info := c.CachedInfo()
	oldest, err := w.oldest(ctx, info)
	if err != nil {
		w.r.log.Warn("the oldest message of the consumer could not be looked at: its age is guessed", zap.Error(err))
	}
	now := time.Now()
	w.mu.Lock()
	w.found.Waiting, w.found.InHand, w.found.Pulls = info.NumPending, info.NumAckPending, info.NumWaiting
	w.found.LookedAt = now
	switch {
	case err == nil:
		w.found.Oldest, w.known = oldest, now
	case w.found.Oldest == 0: // something waits, since the last answer at the longest
		w.found.Oldest = 1
		if w.known.IsZero() {
			w.known = now
		}
	}
	w.mu.Unlock()
	w.judge(info)
}

// oldest is a time by the broker's clock alone.
func (w *watch) oldest(ctx context.Context, info *jetstream.ConsumerInfo) (oldest time.Duration, err error) {
	if info.NumPending == 0 && info.NumAckPending == 0 {
		return 0, nil
	}
	if w.stream == nil {
		if w.stream, err = w.r.e.cfg.JetStream.Stream(ctx, w.r.cfg.Stream); err != nil {
			return 0, err
		}
	}
	for _, subject := range subjects(info.Config) {
		m, err := w.stream.GetMsg(ctx, info.AckFloor.Stream+1, jetstream.WithGetMsgSubject(subject))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return 0, err
		}
		oldest = max(oldest, info.TimeStamp.Sub(m.Time))
	}
	return oldest, nil
}

// subjects are what a consumer filters by.
func subjects(c jetstream.ConsumerConfig) []string {
	switch {
	case len(c.FilterSubjects) > 0:
		return c.FilterSubjects
	case c.FilterSubject != "":
		return []string{c.FilterSubject}
	}
	return []string{">"}
}

// judge finds out whether the consumer moves, nil being one that is not there, and
// binds it anew if it does not.
func (w *watch) judge(info *jetstream.ConsumerInfo) {
	if w.moves(info) {
		w.still, w.tries = time.Time{}, 0
		w.fails("")
		return
	}
	if w.still.IsZero() {
		w.still = time.Now()
	}
	still := time.Since(w.still)
	if still < w.r.e.cfg.StuckAfter*time.Duration(w.tries+1) {
		return
	}
	if w.tries++; w.tries > 1 {
		w.fails(reason(info, still))
	}
	w.r.log.Warn("messages wait, are asked for, and none comes: the consumer is bound anew", zap.String("reason", reason(info, still)))
	w.mu.Lock()
	w.found.Rebinds++
	w.mu.Unlock()
	w.r.rebind()
}

// moves reports whether messages come, or none has to: none waits, this engine has
// no room, or so many are in hand that the broker gives no more.
func (w *watch) moves(info *jetstream.ConsumerInfo) bool {
	held := w.r.heldBack.Load()
	waited := held != w.heldBack || w.r.holdsBack.Load()
	w.heldBack = held
	if info == nil {
		return false
	}
	came := info.Delivered.Consumer != w.delivered || !info.Created.Equal(w.created)
	w.delivered, w.created = info.Delivered.Consumer, info.Created
	full := info.Config.MaxAckPending > 0 && info.NumAckPending >= info.Config.MaxAckPending
	return came || waited || full || info.NumPending == 0
}

func (w *watch) fails(why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.found.Failing = why
}

func reason(info *jetstream.ConsumerInfo, still time.Duration) string {
	still = still.Round(time.Second)
	switch {
	case info == nil:
		return fmt.Sprintf("it has not been there for %s", still)
	case info.Paused:
		return fmt.Sprintf("somebody has paused it; %d messages wait, none came for %s", info.NumPending, still)
	}
	return fmt.Sprintf("%d messages wait, none came for %s", info.NumPending, still)
}
