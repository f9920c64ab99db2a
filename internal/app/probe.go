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
	loop
	bus    *natsbus.Conn
	health *httpkit.Health
	log    *zap.Logger

	mu     sync.Mutex // guards what follows
	rtt    time.Duration
	owed   time.Time // when the ping was sent that has no answer yet; zero if none
	report httpkit.Report
	at     time.Time
}

func (p *probe) look(ctx context.Context) time.Duration {
	p.ready(ctx)
	p.ping(ctx)
	return probeEvery
}

// ready asks what /readyz asks, and logs when the answer changes.
func (p *probe) ready(ctx context.Context) {
	now := p.health.Readiness(ctx)
	p.mu.Lock()
	before := p.report
	p.report, p.at = now, time.Now()
	p.mu.Unlock()
	switch was := before.Checks == nil || before.OK(); {
	case ctx.Err() != nil || was == now.OK():
	case was:
		p.log.Error("the process is not ready", zap.Strings("failing", now.Failing()))
	default:
		p.log.Info("the process is ready again")
	}
}

func (p *probe) ping(ctx context.Context) {
	began := time.Now()
	p.mu.Lock()
	if p.owed.IsZero() {
		p.owed = began
	}
	p.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if err := p.bus.NC().FlushWithContext(ctx); err != nil {
		return // State tells of the connection, and what is owed grows
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rtt, p.owed = time.Since(began), time.Time{}
}

// last is what the last look at the readiness found; at is zero before the first.
func (p *probe) last() (report httpkit.Report, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.report, p.at
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
