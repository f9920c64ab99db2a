package standalone

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"

	"go.uber.org/zap"

	"orderly/cmd/internal/daemon"
	"orderly/internal/app"
	"orderly/pkg/httpkit"
	"orderly/pkg/natsbus"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/postgres"
)

// Exit codes.
const (
	exitFailed = 1
	exitUsage  = 2
)

// gcPercent saves CPU: the heap of one service is small.
const gcPercent = 400

// Service says how one service is made.
type Service struct {
	Name    string // of the program
	Version string // the linker's, or empty
	Migrate func(context.Context, app.Deps) error
	New     func(context.Context, app.Deps) (*app.Service, error)
}

// Run runs the service until a signal comes and returns the exit code: 0 after
// a clean stop, 1 after a failure, 2 if it was told wrongly what to do.
func Run(s Service, args []string, stderr io.Writer) int {
	daemon.TuneMemory(gcPercent)
	cfg, err := parse(s.Name, args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", s.Name, err)
		return exitUsage
	}
	log, err := daemon.NewLogger(cfg.logLevel)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", s.Name, err)
		return exitUsage
	}
	defer func() { _ = log.Sync() }() // standard error often cannot be synced
	log = log.Named(s.Name)
	if err := serve(daemon.UntilSignal(), s, cfg, log); err != nil {
		log.Error("failed", zap.Error(err))
		return exitFailed
	}
	log.Info("stopped cleanly")
	return 0
}

// serve runs the service until ctx ends.
func serve(ctx context.Context, s Service, cfg config, log *zap.Logger) (err error) {
	db, err := postgres.Open(ctx, cfg.databaseURL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	bus, err := natsbus.Connect(ctx, natsbus.Config{URL: cfg.natsURL, Name: s.Name, Logger: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bus.Close(context.WithoutCancel(ctx))) }()
	p, err := start(ctx, s, cfg, db, bus, log)
	if err != nil {
		return err
	}
	log.Info("ready", zap.String("url", p.URL()))
	select {
	case <-ctx.Done():
		log.Info("stopping")
	case err = <-p.Failed():
	}
	return errors.Join(err, p.Stop(context.WithoutCancel(ctx)))
}

func start(ctx context.Context, s Service, cfg config, db *sqldb.DB, bus *natsbus.Conn, log *zap.Logger) (*app.Process, error) {
	door, err := httpkit.Listen(cfg.addr, "--http")
	if err != nil {
		return nil, err
	}
	process, err := startBehind(ctx, door, s, cfg, db, bus, log)
	if err != nil {
		_ = door.Close() // it may be closed already
	}
	return process, err
}

func startBehind(ctx context.Context, door net.Listener, s Service, cfg config, db *sqldb.DB, bus *natsbus.Conn, log *zap.Logger) (*app.Process, error) {
	registry, err := app.NewRegistry()
	if err != nil {
		return nil, err
	}
	metrics := app.NewMetrics()
	deps := app.Deps{DB: db, Bus: bus, Registry: registry, Metrics: metrics, Logger: log, Replicas: cfg.replicas}
	if err := s.Migrate(ctx, deps); err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	service, err := s.New(ctx, deps)
	if err != nil {
		return nil, err
	}
	return app.StartProcess(ctx, app.ProcessConfig{
		Listener: door,
		Version:  daemon.ReadBuild(s.Version).Version,
		Services: []*app.Service{service},
		Bus:      bus,
		Metrics:  metrics,
		Logger:   log,
	})
}
