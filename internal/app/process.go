package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"orderly/pkg/discovery"
	"orderly/pkg/dlqapi"
	"orderly/pkg/httpkit"
	"orderly/pkg/logs"
	"orderly/pkg/metrics"
	"orderly/pkg/natsbus"
)

// Process is services behind one HTTP address, on one connection to NATS.
type Process struct {
	services []*Service
	bus      *natsbus.Conn
	health   *httpkit.Health
	server   *httpkit.Server

	announced []*discovery.Announcement

	probe   *probe
	probing sync.WaitGroup
	halt    context.CancelFunc // ends the probe
}

// ProcessConfig says what a process serves.
type ProcessConfig struct {
	Listener net.Listener // from httpkit.Listen; the caller closes it if the start fails
	Version  string
	Services []*Service
	Bus      *natsbus.Conn
	Metrics  *prometheus.Registry
	Logger   *zap.Logger
	Traces   trace.TracerProvider // may be nil
	Logged   *logs.Counts         // what Logger has written; may be nil
}

// StartProcess starts the services and then opens the door: when it returns,
// requests are served. It must be stopped.
func StartProcess(ctx context.Context, cfg ProcessConfig) (*Process, error) {
	p := &Process{bus: cfg.Bus, probe: &probe{bus: cfg.Bus, log: cfg.Logger}}
	p.health = newHealth(p, cfg)
	p.probe.health = p.health
	running, halt := context.WithCancel(context.Background())
	p.halt = halt
	cfg.Metrics.MustRegister(metrics.NewConn(cfg.Bus), p.probe.collector(), newBuildInfo(cfg.Version), newLogCounts(cfg.Logged))
	handler, err := p.handler(cfg)
	if err != nil {
		return nil, err
	}
	p.server = httpkit.NewServer(httpkit.ServerConfig{Listener: cfg.Listener, Handler: handler, Logger: cfg.Logger})
	for _, s := range cfg.Services {
		if err := s.Start(ctx); err != nil {
			return nil, errors.Join(err, p.Stop(context.WithoutCancel(ctx)))
		}
		p.services = append(p.services, s)
		if err := clockCheck(s.DB, time.Now)(ctx); err != nil {
			cfg.Logger.Warn("clock", zap.String("service", s.Name), zap.Error(err))
		}
	}
	if err := p.server.Start(); err != nil {
		return nil, errors.Join(err, p.Stop(context.WithoutCancel(ctx)))
	}
	for _, s := range p.services {
		if err := p.announce(s, cfg.Version); err != nil {
			return nil, errors.Join(err, p.Stop(context.WithoutCancel(ctx)))
		}
	}
	p.probing.Go(func() { p.probe.run(running, p.probe.look) })
	return p, nil
}

// URL is where the process answers.
func (p *Process) URL() string { return "http://" + p.server.Addr() }

// Failed gives the reason, should the HTTP server end by itself.
func (p *Process) Failed() <-chan error { return p.server.Failed() }

// NotReady makes health say that the process is about to stop, while requests
// are still served.
func (p *Process) NotReady() { p.health.ShuttingDown() }

// stopTimeout bounds a clean stop; supervisors wait 30 s.
const stopTimeout = 28 * time.Second

// Stop is the clean end: not ready any more, no new requests, everything in
// hand finished, acknowledged and closed. The connection stays open for the
// caller to close.
func (p *Process) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	p.NotReady()
	p.halt()
	p.probing.Wait()
	errs := make([]error, 1+len(p.services))
	for _, a := range p.announced {
		errs = append(errs, a.Stop())
	}
	errs[0] = p.server.Shutdown(ctx)
	var wg sync.WaitGroup
	for i, s := range p.services {
		wg.Go(func() { errs[1+i] = s.Stop(ctx) })
	}
	wg.Wait()
	if err := p.bus.NC().FlushWithContext(ctx); err != nil {
		errs = append(errs, fmt.Errorf("flush acknowledgements: %w", err))
	}
	return errors.Join(errs...)
}

func (p *Process) handler(cfg ProcessConfig) (http.Handler, error) {
	metrics, err := httpkit.NewMetrics(cfg.Metrics)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	api := httpkit.NewAPI(mux, "Orderly", cfg.Version)
	letters := make(dlqapi.Services, len(cfg.Services))
	for _, s := range cfg.Services {
		s.Routes(api)
		letters[s.Name] = s.Engine.DeadLetters()
	}
	if err := serveAsyncAPI(mux, cfg.Version); err != nil {
		return nil, err
	}
	dlqapi.Register(api, letters)
	VersionRoutes(api, cfg.Bus.JetStream(), cfg.Bus.NC())
	ServiceRoutes(api, cfg.Bus.NC())
	p.health.Register(mux)
	mux.Handle("GET /metrics", httpkit.MetricsHandler(cfg.Metrics))
	for _, s := range cfg.Services {
		AuditRoutes(mux, cfg.Logger, s.Feeds...)
	}
	return httpkit.NewHandler(mux, httpkit.HandlerConfig{Logger: cfg.Logger, Metrics: metrics, Traces: cfg.Traces}), nil
}
