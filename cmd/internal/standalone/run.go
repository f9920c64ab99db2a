package standalone

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"orderly/cmd/internal/daemon"
	"orderly/cmd/internal/settings"
	"orderly/internal/app"
	"orderly/pkg/httpkit"
	"orderly/pkg/logs"
	"orderly/pkg/natsbus"
	"orderly/pkg/otlp"
	"orderly/pkg/sqldb/postgres"
)

// Exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

// gcPercent saves CPU: the heap of one service is small.
const gcPercent = 400

// leastMemory is what a service needs to work at all.
const leastMemory = 48 << 20

// Service says how one service is made.
type Service struct {
	Name     string // of the program
	Service  string // its name among the services, as "order"
	About    string // what it does, in a line
	Version  string // the linker's, or empty
	Settings settings.List
	New      func(context.Context, app.Deps) (*app.Service, error)
}

// Run runs the service until a signal comes and returns the exit code: 0 after
// a clean stop, 1 after a failure, 2 if it was told wrongly what to do.
func Run(s Service, args []string, stdout, stderr io.Writer) int {
	daemon.TuneMemory(gcPercent)
	cfg := new(config)
	program := settings.Command{Name: s.Name, About: s.About, List: append(cfg.list(), s.Settings...)}
	if len(args) > 0 && args[0] == "config" {
		return printConfig(program, args[1:], stdout, stderr)
	}
	if len(args) > 0 && args[0] == "healthcheck" {
		return checkHealth(program, cfg, args[1:], stdout, stderr)
	}
	_, err := program.Parse(args, os.Environ(), stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil && cfg.databaseURL == "" {
		err = errors.New("no database: set ORDERLY_DATABASE_URL, ORDERLY_DATABASE_URL_FILE or --database to a PostgreSQL DSN")
	}
	if err != nil {
		return misused(program, stderr, err)
	}
	log, err := daemon.Open(daemon.Config{LogLevel: cfg.logLevel, LogTo: os.Stdout, LogFile: cfg.logFile, DebugAddr: cfg.debugAddr})
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", program.Name, err)
		return exitFailed
	}
	defer func() { _ = log.Close() }() // there is nobody left to tell
	log.Logger = log.Named(s.Name)
	for _, name := range settings.Unknown("ORDERLY_", os.Environ(), everybody()...) {
		log.Warn("no service knows this environment variable: is it a typo?", zap.String("variable", name))
	}
	ctx := daemon.UntilSignal()
	traces, err := otlp.FromEnv(log.Logger)
	if err != nil {
		return misused(program, stderr, err)
	}
	err = errors.Join(serve(ctx, s, cfg, log, traces), traces.Close())
	switch {
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		log.Info("stopped before it was ready")
	case err != nil:
		log.Error("failed", zap.Error(err))
		return exitFailed
	default:
		log.Info("stopped cleanly")
	}
	return 0
}

// misused tells the user what was wrong.
func misused(program settings.Command, stderr io.Writer, err error) int {
	fmt.Fprintf(stderr, "%s: %v\n%s --help lists the settings\n", program.Name, err, program.Name)
	return exitUsage
}

// serve runs the service until ctx ends.
func serve(ctx context.Context, s Service, cfg *config, log *daemon.Daemon, traces *otlp.Traces) (err error) {
	if err := daemon.EnoughMemory(leastMemory); err != nil {
		return err
	}
	db, err := postgres.Open(ctx, cfg.databaseURL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := prepare(ctx, s.Service, cfg.migrate, db); err != nil {
		return err
	}
	bus, err := natsbus.Connect(ctx, natsbus.Config{URL: cfg.natsURL, Name: s.Name, Logger: log.Logger, Options: natsOptions(s.Service, cfg)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bus.Close(context.WithoutCancel(ctx))) }()
	p, err := start(ctx, s, cfg, app.Deps{DB: db, Bus: bus, Logger: log.Logger, Traces: traces.Provider(s.Name, daemon.ReadBuild(s.Version).Version)}, log.Counts)
	if err != nil {
		return err
	}
	log.Info("ready", zap.String("url", p.URL()))
	select {
	case <-ctx.Done():
		err = drain(p, cfg.drain, log.Logger)
	case err = <-p.Failed():
	}
	return errors.Join(err, p.Stop(context.WithoutCancel(ctx)))
}

// natsOptions make answers arrive where the service's user may listen.
func natsOptions(service string, cfg *config) []nats.Option {
	opts := []nats.Option{nats.CustomInboxPrefix(app.InboxPrefix(service))}
	if cfg.natsCredentials != "" {
		opts = append(opts, nats.UserCredentials(cfg.natsCredentials))
	}
	return opts
}

// drain goes on serving for a while, not ready any more, so that whoever sends
// requests here turns away before the door closes.
func drain(p *app.Process, pause time.Duration, log *zap.Logger) error {
	p.NotReady()
	log.Info("stopping", logs.Millis("drain_ms", pause))
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case err := <-p.Failed():
		return err
	}
}

func start(ctx context.Context, s Service, cfg *config, deps app.Deps, logged *logs.Counts) (*app.Process, error) {
	door, err := httpkit.Listen(cfg.addr, "--http")
	if err != nil {
		return nil, err
	}
	process, err := startBehind(ctx, door, s, cfg, deps, logged)
	if err != nil {
		_ = door.Close() // it may be closed already
	}
	return process, err
}

func startBehind(ctx context.Context, door net.Listener, s Service, cfg *config, deps app.Deps, logged *logs.Counts) (*app.Process, error) {
	registry, err := app.NewRegistry()
	if err != nil {
		return nil, err
	}
	schema, err := app.Schema(s.Service)
	if err != nil {
		return nil, err
	}
	metrics := app.NewMetrics()
	deps.Schema, deps.Registry, deps.Metrics = schema, registry, metrics
	deps.Replicas, deps.AckWait, deps.Versions, deps.MaxInputs = cfg.replicas, cfg.ackWait, cfg.versions, cfg.maxInputs
	service, err := s.New(ctx, deps)
	if err != nil {
		return nil, err
	}
	return app.StartProcess(ctx, app.ProcessConfig{
		Listener: door,
		Version:  daemon.ReadBuild(s.Version).Version,
		Services: []*app.Service{service},
		Bus:      deps.Bus,
		Metrics:  metrics,
		Logger:   deps.Logger,
		Logged:   logged,
		Traces:   deps.Traces,
	})
}
