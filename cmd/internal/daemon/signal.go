package daemon

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"go.uber.org/zap"
)

// UntilSignal returns a context that ends with the first SIGINT or SIGTERM. A
// second one ends the process at once.
func UntilSignal() context.Context {
	ctx, release := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, release)
	return ctx
}

// reopenOnHangup opens the log's file anew with each SIGHUP, after somebody has moved
// it away, until stop is called. It does nothing where there is no file.
func (l *Log) reopenOnHangup() (stop func()) {
	if l.file == nil {
		return func() {}
	}
	signals, ended := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(signals, syscall.SIGHUP)
	go func() {
		defer close(ended)
		for range signals {
			if err := l.file.reopen(); err != nil {
				l.Error("the log file could not be opened anew, the log goes on into the old one", zap.Error(err))
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(signals)
		<-ended
	}
}
