package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"orderly/cmd/internal/daemon"
	"orderly/cmd/internal/settings"
	"orderly/internal/app"
	"orderly/internal/app/allinone"
	"orderly/order"
	"orderly/pkg/otlp"
)

// errStopped says that a signal came before the system had started, which is a
// clean end.
var errStopped = errors.New("stopped before it had started")

// systemFlags are what up and demo have in common.
type systemFlags struct {
	HTTP            string        `help:"Address of the HTTP API; port 0 takes a free one (default: ${default})." default:"127.0.0.1:8080" env:"ORDERLY_HTTP_ADDR" placeholder:"ADDR" name:"http"`
	LogLevel        string        `help:"Least level of what is logged: debug, info, warn or error." default:"${log_level}" env:"ORDERLY_LOG_LEVEL" enum:"debug,info,warn,error"`
	LogFile         string        `help:"File that gets the log as well as standard error; opened anew on SIGHUP." env:"ORDERLY_LOG_FILE" placeholder:"FILE"`
	DebugAddr       string        `help:"Loopback address of profiles (/debug/pprof/) and of the log's level (/log/level); none by default." env:"ORDERLY_DEBUG_ADDR" placeholder:"ADDR"`
	Deadline        time.Duration `help:"How long a standard order may take before it is cancelled." default:"15m" env:"ORDERLY_ORDER_DEADLINE"`
	ExpressDeadline time.Duration `help:"How long an express order may take before it is cancelled." default:"15m" env:"ORDERLY_EXPRESS_DEADLINE"`
	RedriveAfter    time.Duration `help:"How long an order may stand still before it is announced again." default:"30s" env:"ORDERLY_REDRIVE_AFTER"`
	RedriveMax      time.Duration `help:"The longest pause between two announcements." default:"1h" env:"ORDERLY_REDRIVE_MAX"`
	GatewayTimeout  time.Duration `help:"How long one try of a call to the payment gateway may take." default:"10s" env:"ORDERLY_GATEWAY_TIMEOUT"`
	GatewayCalls    int           `help:"How many calls to the payment gateway are under way at a time." default:"512" env:"ORDERLY_GATEWAY_CALLS" placeholder:"N"`
	Publish         string        `help:"Versions in which events are published, separated by commas, as orders.created.v1 (default: all that are in use)." env:"ORDERLY_PUBLISH" placeholder:"VERSION"`
	Read            string        `help:"Versions of events that are read, separated by commas, as orders.created.v2 (default: the oldest in use of each)." env:"ORDERLY_READ" placeholder:"VERSION"`
	MaxInputs       int           `help:"The most inputs that are committed together; 0 leaves it to the system, 1 handles them one at a time." default:"0" env:"ORDERLY_MAX_INPUTS" placeholder:"N"`
}

// Validate is called by the parser.
func (f systemFlags) Validate() error {
	if err := checkAddress(f.HTTP); err != nil {
		return err
	}
	if f.DebugAddr != "" {
		if err := settings.Loopback(new(string)).Set(f.DebugAddr); err != nil {
			return fmt.Errorf("--debug-addr: %w", err)
		}
	}
	switch {
	case f.MaxInputs < 0:
		return fmt.Errorf("--max-inputs: %d is not a number of inputs", f.MaxInputs)
	case f.GatewayTimeout < app.MinCallTimeout || f.GatewayTimeout > app.MaxCallTimeout:
		return fmt.Errorf("--gateway-timeout: %s is not between %s and %s", f.GatewayTimeout, app.MinCallTimeout, app.MaxCallTimeout)
	case f.GatewayCalls < 1 || f.GatewayCalls > app.MaxCalls:
		return fmt.Errorf("--gateway-calls: %d is not between 1 and %d", f.GatewayCalls, app.MaxCalls)
	case f.Deadline <= 0:
		return fmt.Errorf("--deadline: %s is not a time to wait", f.Deadline)
	case f.ExpressDeadline <= 0:
		return fmt.Errorf("--express-deadline: %s is not a time to wait", f.ExpressDeadline)
	case f.RedriveAfter <= 0:
		return fmt.Errorf("--redrive-after: %s is not a time to wait", f.RedriveAfter)
	case f.RedriveMax < f.RedriveAfter:
		return fmt.Errorf("--redrive-max: %s is less than --redrive-after, %s", f.RedriveMax, f.RedriveAfter)
	}
	_, err := f.versions()
	return err
}

func (f systemFlags) versions() (v app.Versions, err error) {
	if err := v.ParsePublished(f.Publish); err != nil {
		return v, fmt.Errorf("--publish: %w", err)
	}
	if err := v.ParseRead(f.Read); err != nil {
		return v, fmt.Errorf("--read: %w", err)
	}
	return v, v.Deaf()
}

func checkAddress(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("--http: %q is not an address as 127.0.0.1:8080", addr)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return fmt.Errorf("--http: port %q is not a number from 0 to 65535", port)
	}
	return nil
}

// leastMemory is what the whole system needs to work at all.
const leastMemory = 96 << 20

// system is a running system with its log.
type system struct {
	*allinone.System
	log *daemon.Daemon
}

// start starts the system in a directory.
func (f systemFlags) start(ctx context.Context, dir string) (*system, error) {
	if err := daemon.EnoughMemory(leastMemory); err != nil {
		return nil, err
	}
	versions, err := f.versions()
	if err != nil {
		return nil, usageError{err}
	}
	log, err := daemon.Open(daemon.Config{LogLevel: f.LogLevel, LogTo: os.Stderr, LogFile: f.LogFile, DebugAddr: f.DebugAddr})
	if err != nil {
		return nil, err
	}
	traces, err := otlp.FromEnv(log.Logger)
	if err != nil {
		return nil, errors.Join(usageError{err}, log.Close())
	}
	s, err := allinone.Start(ctx, allinone.Config{
		Dir:       dir,
		Addr:      f.HTTP,
		Version:   daemon.ReadBuild(version).Version,
		Logger:    log.Logger,
		Logged:    log.Counts,
		Versions:  versions,
		Traces:    traces,
		MaxInputs: f.MaxInputs,
		Payment:   app.PaymentConfig{CallTimeout: f.GatewayTimeout, MaxCalls: f.GatewayCalls},
		Policy:    order.Policy{Deadline: f.Deadline, ExpressDeadline: f.ExpressDeadline, RedriveFirst: f.RedriveAfter, RedriveMax: f.RedriveMax},
	})
	if err == nil {
		return &system{s, log}, nil
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = errStopped
	}
	return nil, errors.Join(err, log.Close())
}

// stop ends the system, also when ctx has ended.
func stop(ctx context.Context, s *system) error {
	return errors.Join(s.Stop(context.WithoutCancel(ctx)), s.log.Close())
}

// serve waits until ctx ends or the system fails.
func serve(ctx context.Context, s *system) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.Failed():
		return errors.Join(errors.New("the system stopped by itself"), err)
	}
}
