package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"

	"orderly/internal/audit"
	"orderly/pkg/engine"
	"orderly/pkg/event"
	"orderly/pkg/httpkit"
	"orderly/pkg/logs"
	"orderly/pkg/metrics"
	"orderly/pkg/natsbus"
	"orderly/pkg/sqldb"
)

// Deps is what a service needs of the process that it runs in.
type Deps struct {
	DB       *sqldb.DB
	Schema   sqldb.Schema // of DB, which has it
	Bus      *natsbus.Conn
	Registry *event.Registry
	Metrics  prometheus.Registerer
	Logger   *zap.Logger
	Traces   trace.TracerProvider // may be nil
	// Replicas of each stream: 1 on a single server, 3 on a cluster.
	Replicas int
	// AckWait is how long the broker waits for a process that died before it
	// delivers again what that had in hand; 30 s if zero.
	AckWait time.Duration
	// Versions are those in which events are published and read.
	Versions Versions
	// MaxInputs is how many inputs a batch may have; 0 is the engine's choice.
	MaxInputs int
}

// Service is one of the services, wired and ready to start.
type Service struct {
	Name   string
	Engine *engine.Engine
	DB     *sqldb.DB
	// Routes adds the service's part of the HTTP API.
	Routes func(huma.API)
	// Checks are the service's own for /readyz, by name.
	Checks map[string]httpkit.Check
	// Feeds are what the service shows to an audit.
	Feeds    []audit.Feed
	listens  []reads
	answers  map[string]answer // by the endpoint's name
	topology natsbus.Topology
	custody  *custody
	figures  *figures // asked for by the service's own
	deps     Deps
	running  context.Context // done once Stop begins
	stop     context.CancelFunc
	watching sync.WaitGroup // the custody, the figures
}

// newService completes a service from what it hears and how it decides.
func newService(name string, d Deps, decider engine.Decider, hears []reads, tune func(*engine.Config)) (*Service, error) {
	cs := channels(name, hears, d.Versions)
	cfg := engine.Config{
		Name:       name,
		DB:         d.DB,
		Decider:    decider,
		JetStream:  d.Bus.JetStream(),
		Registry:   d.Registry,
		Consumers:  engineConsumers(cs),
		Publish:    d.Versions.says(name),
		Urgent:     urgentLanes(),
		Logger:     d.Logger,
		LogSubject: "order_id",
		Traces:     d.Traces,
		MaxInputs:  d.MaxInputs,
	}
	if tune != nil {
		tune(&cfg)
	}
	s := &Service{
		Name:     name,
		DB:       d.DB,
		listens:  hears,
		topology: natsbus.Topology{Streams: streams(d.Replicas), Consumers: consumers(d, cs)},
		deps:     d,
	}
	s.running, s.stop = context.WithCancel(context.Background())
	cfg.Restore = s.reconcile
	eng, err := engine.New(cfg)
	if err != nil {
		return nil, err
	}
	s.Engine = eng
	s.custody = newCustody(s)
	s.figures = &figures{service: name, engine: eng, log: d.Logger.With(zap.String("service", name))}
	s.show(metrics.NewEngine(name, eng.Stats), metrics.NewDatabase(name, d.DB), s.figures.collector())
	return s, nil
}

// show adds to what /metrics says.
func (s *Service) show(cs ...prometheus.Collector) {
	if s.deps.Metrics != nil {
		s.deps.Metrics.MustRegister(cs...)
	}
}

// reconcileTimeout is how long one try lasts: longer than an election.
const reconcileTimeout = 10 * time.Second

// Start makes what the service needs of the broker and begins to work. It waits
// for as long as ctx for a broker that has no leader yet or too few nodes.
func (s *Service) Start(ctx context.Context) error {
	if err := s.patiently(ctx, s.rejoin); err != nil { // then it hears more again than it needs to
		s.deps.Logger.Warn("consumers that were left go on where they stood", zap.String("service", s.Name), zap.Error(err))
	}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	s.deps.Bus.OnReconnect(func() {
		if err := s.prepare(s.running); err != nil && s.running.Err() == nil {
			s.deps.Logger.Error("streams and consumers could not be checked after a reconnect", zap.String("service", s.Name), zap.Error(err))
		}
	})
	if err := s.Engine.Start(); err != nil {
		return err
	}
	s.forget(ctx)
	s.watching.Go(func() { s.custody.run(s.running, s.custody.watch) })
	s.watching.Go(func() { s.figures.run(s.running, s.figures.look) })
	return nil
}

// prepare reconciles until it succeeds or fails for a reason that does not pass.
func (s *Service) prepare(ctx context.Context) error { return s.patiently(ctx, s.reconcile) }

// patiently tries until it succeeds or fails for a reason that does not pass.
// A cluster without a leader is silent; a server that says, for a whole try, that
// nobody listens has no JetStream.
func (s *Service) patiently(ctx context.Context, try func(context.Context) error) error {
	for began := time.Now(); ; {
		err := try(ctx)
		waits := errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil
		if !waits || errors.Is(err, nats.ErrNoResponders) {
			return err
		}
		s.deps.Logger.Warn("the broker is not ready, waiting for it", zap.String("service", s.Name),
			logs.Millis("waited_ms", time.Since(began)), zap.Error(err))
	}
}

func (s *Service) reconcile(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, reconcileTimeout)
	defer cancel()
	report, err := s.topology.Reconcile(ctx, s.deps.Bus.JetStream())
	for _, d := range report.Drift {
		s.deps.Logger.Warn("the broker is not set up as declared", zap.String("service", s.Name), zap.Stringer("drift", d))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	return nil
}

// forget removes the durables by which the service heard versions that are retired:
// nobody reads them, and what they hold was heard by others.
func (s *Service) forget(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, reconcileTimeout)
	defer cancel()
	for _, h := range hearings(s.Name, s.listens) {
		for _, c := range h.retired {
			durable := c.durable
			err := s.deps.Bus.JetStream().DeleteConsumer(ctx, h.stream, durable)
			switch {
			case err == nil:
				s.deps.Logger.Info("removed the consumer of a version that is retired", zap.String("service", s.Name), zap.String("consumer", durable))
			case !errors.Is(err, jetstream.ErrConsumerNotFound):
				s.deps.Logger.Warn("the consumer of a version that is retired could not be removed", zap.String("service", s.Name), zap.String("consumer", durable), zap.Error(err))
			}
		}
	}
}

// Stop ends the service cleanly: see engine.Engine.Stop.
func (s *Service) Stop(ctx context.Context) error {
	s.stop()
	s.watching.Wait()
	err := s.Engine.Stop(ctx)
	s.custody.leave(ctx)
	return err
}
