package app

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"orderly/pkg/engine"
	"orderly/pkg/metrics"
)

const (
	figuresEvery   = 10 * time.Second
	figuresTimeout = 5 * time.Second
	// figuresShare is for how many times as long as a look took none follows: a look
	// is at most one fiftieth of the time, however much there is to count.
	figuresShare = 50
	// figuresLeast is how often it looks whatever that takes: ages are guessed in
	// between.
	figuresLeast = time.Minute
)

// figures are what a service asks its own database for, to show it. They are asked
// for beside the engine, whose loops may be what stands still.
type figures struct {
	loop
	service string
	ask     func(context.Context) (look, error)
	engine  *engine.Engine
	log     *zap.Logger

	mu       sync.Mutex // guards what follows
	last     look
	at       time.Time // of the last look that succeeded; zero before
	failures int
}

// look is what one look at the database found.
type look struct {
	oldest time.Duration // the age of the oldest open thing; 0 if there is none
	values []value
}

// value is one figure.
type value struct {
	metric *metrics.Metric
	is     float64
	labels []string
	ages   bool // it is the age of something, and grows until the next look
}

// look asks once.
func (f *figures) look(ctx context.Context) (pause time.Duration) {
	began := time.Now()
	limited, cancel := context.WithTimeout(ctx, figuresTimeout)
	defer cancel()
	found, err := f.ask(limited)
	if ctx.Err() != nil {
		return 0
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		f.failures++
		f.log.Warn("the database could not be asked for the figures", zap.Error(err))
	} else {
		f.last, f.at = found, time.Now()
	}
	if err != nil { // soon again: what is shown only grows meanwhile
		return figuresEvery
	}
	return min(max(figuresEvery, figuresShare*time.Since(began)), figuresLeast)
}

// oldest is the age of the oldest thing that the service has not finished: by what
// the database says of its own, and the broker of the events that it hears. It goes
// on growing while neither can be asked.
func (f *figures) oldest() time.Duration {
	f.mu.Lock()
	oldest := f.last.oldest
	if oldest > 0 {
		oldest += time.Since(f.at)
	}
	f.mu.Unlock()
	for _, c := range f.engine.Stats().Consumers {
		oldest = max(oldest, c.Oldest)
	}
	return oldest
}

func (f *figures) collector() prometheus.Collector {
	return metrics.Collector(func(to metrics.Sink) {
		to.Send(oldestOpen, f.oldest().Seconds(), f.service)
		f.mu.Lock()
		defer f.mu.Unlock()
		to.Send(lookedAt, metrics.Unix(f.at), f.service)
		to.Send(lookFailures, float64(f.failures), f.service)
		for _, v := range f.last.values {
			if v.ages && v.is > 0 {
				v.is += time.Since(f.at).Seconds()
			}
			to.Send(v.metric, v.is, v.labels...)
		}
	})
}
