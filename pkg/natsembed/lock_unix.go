//go:build unix

package natsembed

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// LockDir makes the directory this process's own until the file is closed. The
// server does not: two of them on one directory destroy each other's streams. An
// embedded server locks its own; this is for whoever starts others.
// The system lets go of the lock when the process dies, however it dies.
func LockDir(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("create its directory: %w", err)
	}
	f, err := os.OpenFile(lockPath(dir), os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, fmt.Errorf("open the lock of its directory: %w", err)
	}
	if err := claim(f, dir); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func claim(f *os.File, dir string) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return fmt.Errorf("directory %s is in use by another process%s: stop that one, or use another directory", dir, owner(f))
	}
	if err != nil {
		return fmt.Errorf("lock directory %s: %w", dir, err)
	}
	if err := f.Truncate(0); err != nil {
		return fmt.Errorf("lock directory %s: %w", dir, err)
	}
	if _, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return fmt.Errorf("lock directory %s: %w", dir, err)
	}
	return nil
}

// owner tells who holds the lock, as far as the file says.
func owner(f *os.File) string {
	text, err := io.ReadAll(io.LimitReader(f, 32))
	if err != nil {
		return ""
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return ""
	}
	return fmt.Sprintf(" (pid %d)", pid)
}
