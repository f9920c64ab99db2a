package logs

import (
	"context"
	"log/slog"
	"slices"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// FromSlog returns a logger that writes to a slog.Handler: for programs that log
// with log/slog, in the place of the kit's *zap.Logger. A logger's name becomes
// the attribute logger. What the handler refuses is not formatted.
func FromSlog(h slog.Handler) *zap.Logger { return zap.New(&toSlog{h}) }

// toSlog is a core on a handler.
type toSlog struct{ handler slog.Handler }

// Enabled is zapcore.Core's.
func (s *toSlog) Enabled(level zapcore.Level) bool {
	return s.handler.Enabled(context.Background(), levelOf(level))
}

// With is zapcore.Core's.
func (s *toSlog) With(fields []zapcore.Field) zapcore.Core {
	return &toSlog{s.handler.WithAttrs(attrsOf(fields))}
}

// Check is zapcore.Core's.
func (s *toSlog) Check(e zapcore.Entry, to *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if s.Enabled(e.Level) {
		return to.AddCore(e, s)
	}
	return to
}

// Write is zapcore.Core's.
func (s *toSlog) Write(e zapcore.Entry, fields []zapcore.Field) error {
	r := slog.NewRecord(e.Time, levelOf(e.Level), e.Message, e.Caller.PC)
	if e.LoggerName != "" {
		r.AddAttrs(slog.String("logger", e.LoggerName))
	}
	r.AddAttrs(attrsOf(fields)...)
	return s.handler.Handle(context.Background(), r)
}

// Sync is zapcore.Core's.
func (s *toSlog) Sync() error { return nil }

func levelOf(l zapcore.Level) slog.Level {
	switch {
	case l < zapcore.InfoLevel:
		return slog.LevelDebug
	case l == zapcore.InfoLevel:
		return slog.LevelInfo
	case l == zapcore.WarnLevel:
		return slog.LevelWarn
	}
	return slog.LevelError
}

// attrsOf keeps the order of the fields. One field may make several attributes.
func attrsOf(fields []zapcore.Field) []slog.Attr {
	attrs := make([]slog.Attr, 0, len(fields))
	for _, f := range fields {
		values := zapcore.NewMapObjectEncoder()
		f.AddTo(values)
		names := make([]string, 0, len(values.Fields))
		for name := range values.Fields {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			attrs = append(attrs, slog.Any(name, values.Fields[name]))
		}
	}
	return attrs
}
