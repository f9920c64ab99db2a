package daemon

import (
	"os"
	"sync"
)

// logFile is a file that may be moved away and opened anew, as logrotate does.
type logFile struct {
	path string

	mu sync.Mutex // guards to
	to *os.File   // nil once closed
}

func openLogFile(path string) (*logFile, error) {
	f := &logFile{path: path}
	return f, f.reopen()
}

func (f *logFile) reopen() error {
	to, err := os.OpenFile(f.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.to
	f.to = to
	if before == nil {
		return nil
	}
	return before.Close()
}

// Write is io.Writer's.
func (f *logFile) Write(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.to == nil {
		return 0, errLogClosed
	}
	return f.to.Write(p)
}

// Sync is zapcore.WriteSyncer's.
func (f *logFile) Sync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.to == nil {
		return nil
	}
	return f.to.Sync()
}

func (f *logFile) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	to := f.to
	f.to = nil
	return to.Close()
}
