package logs_test

import (
	"log/slog"
	"os"
	"time"

	"go.uber.org/zap"

	"orderly/pkg/logs"
)

// A program that logs with log/slog hands its handler in where a *zap.Logger is
// wanted.
func ExampleFromSlog() {
	handler := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	log := logs.FromSlog(handler).With(zap.String("service", "order"))
	log.Debug("not shown: the handler begins at info")
	log.Info("handled", zap.String("event_id", "7"), logs.Took(1500*time.Microsecond))
	// Output:
	// level=INFO msg=handled service=order event_id=7 duration_ms=1.5
}
