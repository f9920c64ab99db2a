// Package allinone runs all services in one process, with an embedded NATS
// server and SQLite databases in one directory. It is the same code as in
// production on other engines.
package allinone

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"go.uber.org/zap"

	"orderly/internal/app"
	"orderly/order"
	"orderly/payment/gateway"
	"orderly/pkg/httpkit"
	"orderly/pkg/logs"
	"orderly/pkg/natsbus"
	"orderly/pkg/natsembed"
	"orderly/pkg/otlp"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/sqlite"

	"github.com/nats-io/nats.go"
)

// Config says where the system lives and how it behaves.
type Config struct {
	Dir     string // made if missing; holds everything
	Addr    string // of the HTTP API
	Version string
	Logger  *zap.Logger
	Traces  *otlp.Traces // may be nil; the system closes it
	Logged  *logs.Counts // what Logger has written; may be nil
	Policy  order.Policy
	Gateway gateway.Settings // until somebody sets others
	Payment app.PaymentConfig
	// Versions are those in which events are published and read.
	Versions app.Versions
	// MaxInputs is how many inputs a batch may have; 0 is the engine's choice.
	MaxInputs int
	// Databases opens the database of a service or of the simulated gateway, by its
	// name. Nil keeps a SQLite file for each in Dir.
	Databases func(ctx context.Context, name string) (*sqldb.DB, error)
}

// System is a running system.
type System struct {
	*app.Process
	Gateway *gateway.Simulated

	bus     *natsbus.Conn
	closers []func() error // in the order of opening
}

// Start starts the system: when it returns, requests are served. A second
// system on the same directory is refused. It must be stopped.
func Start(ctx context.Context, cfg Config) (_ *System, err error) {
	if cfg.Logger == nil {
		cfg.Logger = zap.NewNop()
	}
	s := &System{closers: []func() error{cfg.Traces.Close}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	door, err := httpkit.Listen(cfg.Addr, "--http") // first: a busy port leaves no trace
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, func() error { return closeDoor(door) })
	if err := os.MkdirAll(cfg.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if err := checkWhole(cfg); err != nil {
		return nil, err
	}
	bus, err := s.broker(ctx, cfg)
	if err != nil {
		return nil, err
	}
	services, metrics, err := s.services(ctx, cfg, bus)
	if err != nil {
		return nil, err
	}
	if err := markWhole(cfg); err != nil { // before anything runs that would have to be stopped
		return nil, err
	}
	s.Process, err = app.StartProcess(ctx, app.ProcessConfig{
		Listener: door,
		Version:  cfg.Version,
		Services: services,
		Bus:      bus,
		Metrics:  metrics,
		Logger:   cfg.Logger,
		Traces:   cfg.Traces.Provider("orderly", cfg.Version),
		Logged:   cfg.Logged,
	})
	if err != nil {
		return nil, err
	}
	s.bus = bus
	return s, nil
}

// closeDoor closes a listener that its server may have closed before.
func closeDoor(l net.Listener) error {
	if err := l.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Stop ends the system cleanly and closes everything.
func (s *System) Stop(ctx context.Context) error {
	return errors.Join(s.Process.Stop(ctx), s.close())
}

func (s *System) close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(errs...)
}

// broker starts the NATS server. It syncs before it acknowledges, so that what
// was published survives a loss of power.
func (s *System) broker(ctx context.Context, cfg Config) (*natsbus.Conn, error) {
	server, err := natsembed.Start(natsembed.Config{
		Dir:        filepath.Join(cfg.Dir, "nats"),
		SyncAlways: true,
		Name:       "orderly",
		Logger:     cfg.Logger.Named("nats"),
	})
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, func() error { server.Shutdown(); return nil })
	bus, err := natsbus.Connect(ctx, natsbus.Config{Name: "orderly", Logger: cfg.Logger, Options: []nats.Option{server.ConnectOption()}})
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, func() error { return bus.Close(context.Background()) })
	return bus, nil
}

func (s *System) open(ctx context.Context, cfg Config, name string, o sqlite.Options) (*sqldb.DB, error) {
	open := cfg.Databases
	if open == nil {
		open = func(ctx context.Context, name string) (*sqldb.DB, error) {
			return o.Open(ctx, databaseFile(cfg.Dir, name))
		}
	}
	db, err := open(ctx, name)
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, db.Close)
	return db, nil
}
