package daemon

import (
	"context"
	"errors"
	"os"
	"time"
)

// Config says where a program's log goes and where one may look into the program.
type Config struct {
	LogLevel string   // the least, as "info"
	LogTo    *os.File // standard output, or error
	LogFile  string   // empty, or of a file that gets the log as well
	// DebugAddr is a loopback address, or empty; see [Debug].
	DebugAddr string
}

// Daemon is what a program that keeps running has of its own.
type Daemon struct {
	*Log
	debug  *Debug
	unhook func()
}

// debugGrace is for a profile that is being taken at the end.
const debugGrace = time.Second

// Open opens the log and the debug address. It must be closed.
func Open(cfg Config) (*Daemon, error) {
	log, err := newLog(cfg)
	if err != nil {
		return nil, err
	}
	debug, err := startDebug(cfg.DebugAddr, log)
	if err != nil {
		return nil, errors.Join(err, log.close())
	}
	return &Daemon{Log: log, debug: debug, unhook: log.reopenOnHangup()}, nil
}

// Close closes both. What is logged afterwards goes nowhere but to LogTo.
func (d *Daemon) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), debugGrace)
	defer cancel()
	err := d.debug.stop(ctx)
	if errors.Is(err, context.DeadlineExceeded) { // a profile was cut off
		err = nil
	}
	d.unhook()
	return errors.Join(err, d.Log.close())
}
