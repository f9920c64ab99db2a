package daemon

import (
	"errors"
	"fmt"
	"os"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"orderly/pkg/logs"
)

// Log is a program's logger. Its level may be changed while it runs.
type Log struct {
	*zap.Logger
	Level  zap.AtomicLevel
	Counts *logs.Counts
	file   *logFile // nil if there is none
}

// newLog writes for a person where LogTo is a terminal, and JSON otherwise; always
// JSON to LogFile. A flood of one message is bounded.
func newLog(cfg Config) (*Log, error) {
	level, err := zap.ParseAtomicLevel(cfg.LogLevel)
	if err != nil {
		return nil, fmt.Errorf("log level %q: use debug, info, warn or error", cfg.LogLevel)
	}
	l := &Log{Level: level, Counts: new(logs.Counts)}
	core := zapcore.NewCore(encoder(IsTerminal(cfg.LogTo)), zapcore.Lock(cfg.LogTo), level)
	if cfg.LogFile != "" {
		if l.file, err = openLogFile(cfg.LogFile); err != nil {
			return nil, fmt.Errorf("log file: %w", err)
		}
		core = zapcore.NewTee(core, zapcore.NewCore(encoder(false), l.file, level))
	}
	l.Logger = zap.New(logs.Guard(core, l.Counts))
	return l, nil
}

func encoder(terminal bool) zapcore.Encoder {
	if terminal {
		c := zap.NewDevelopmentEncoderConfig()
		c.EncodeTime = zapcore.TimeEncoderOfLayout("15:04:05.000")
		c.EncodeLevel = zapcore.CapitalColorLevelEncoder
		return zapcore.NewConsoleEncoder(c)
	}
	c := zap.NewProductionEncoderConfig()
	c.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	return zapcore.NewJSONEncoder(c)
}

func (l *Log) close() error {
	_ = l.Sync() // a terminal or pipe cannot be synced
	if l.file == nil {
		return nil
	}
	return l.file.close()
}

// IsTerminal reports whether a person is likely to look at f.
func IsTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

// errLogClosed is for what is logged after the end.
var errLogClosed = errors.New("the log is closed")
