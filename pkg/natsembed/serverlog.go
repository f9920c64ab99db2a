package natsembed

import (
	"fmt"
	"sync"

	"go.uber.org/zap"
)

// serverLog passes on what the server logs. What the server finds worth a notice
// is a detail to the program around it.
type serverLog struct {
	log *zap.SugaredLogger

	mu    sync.Mutex // guards what follows
	first error      // the first fatal error
}

func (l *serverLog) Noticef(format string, args ...any) { l.log.Debugf(format, args...) }
func (l *serverLog) Warnf(format string, args ...any)   { l.log.Warnf(format, args...) }
func (l *serverLog) Errorf(format string, args ...any)  { l.log.Errorf(format, args...) }
func (l *serverLog) Debugf(format string, args ...any)  { l.log.Debugf(format, args...) }
func (l *serverLog) Tracef(format string, args ...any)  { l.log.Debugf(format, args...) }

// Fatalf keeps the error for whoever starts the server. A program does not exit
// because its server could not start.
func (l *serverLog) Fatalf(format string, args ...any) {
	l.log.Errorf(format, args...)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.first == nil {
		l.first = fmt.Errorf(format, args...)
	}
}

func (l *serverLog) fatal() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.first
}
