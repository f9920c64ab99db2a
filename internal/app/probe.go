package app

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"orderly/pkg/httpkit"
	"orderly/pkg/metrics"
	"orderly/pkg/natsbus"
)

var (
	natsRTT = metrics.New(metrics.Gauge, "orderly_nats_rtt_seconds",
		"How long NATS took for its last answer to a ping; grows while it owes one.")
	processReady = metrics.New(metrics.Gauge, "orderly_ready",
		"1 if the process was ready for requests at the last look; 0 from the beginning of its end.")
	checkOK = metrics.New(metrics.Gauge, "orderly_ready_check",
		"1 for each check of /readyz that was passed at the last look.", "check")
	probedAt = metrics.New(metrics.Gauge, "orderly_probed_timestamp_seconds",
		"When the last look was, as a Unix time; 0 before the first.")
)

const (
	probeEvery   = 5 * time.Second
	probeTimeout = 5 * time.Second
)

// probe looks at what the process as a whole depends on, beside all that it does.
type probe struct {
	bus    *natsbus.Conn
	health *httpkit.Health
	log    *zap.Logger

	mu     sync.Mutex // guards what follows
	rtt    time.Duration
	owed   time.Time // when the ping was sent that has no answer yet; zero if none
	report httpkit.Report
	at     time.Time
}

// run looks every few seconds until ctx ends.
func (p *probe) run(ctx context.Context) {
	for ctx.Err() == nil {
		p.look(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(probeEvery):
		}
	}
}

func (p *probe) look(ctx context.Context) {
	report := p.health.Readiness(ctx)
	p.mu.Lock()
	p.report, p.at = report, time.Now()
	if p.owed.IsZero() {
		p.owed = time.Now()
	}
	p.mu.Unlock()
	limited, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	began := time.Now()
	if err := p.bus.NC().FlushWithContext(limited); err != nil {
		return // State tells of the connection, and rtt grows
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rtt, p.owed = time.Since(began), time.Time{}
}

func (p *probe) collector() prometheus.Collector {
	return metrics.Collector(func(to metrics.Sink) {
		p.mu.Lock()
		defer p.mu.Unlock()
		rtt := p.rtt
		if !p.owed.IsZero() {
			rtt = max(rtt, time.Since(p.owed))
		}
		to.Send(natsRTT, rtt.Seconds())
		to.Send(processReady, metrics.Flag(!p.at.IsZero() && p.report.OK() && !p.health.Stopping()))
		to.Send(probedAt, metrics.Unix(p.at))
		for name, result := range p.report.Checks {
			to.Send(checkOK, metrics.Flag(result.OK()), name)
		}
	})
}
