package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"orderly/internal/client"
)

// session is what a command works with.
type session struct {
	url    string
	out    output
	stderr io.Writer
}

// How long a system that is away is asked again: a person who waits wants to
// know soon, a load should survive a restart.
const (
	shortPatience = 0
	longPatience  = time.Minute
)

func (s *session) client(patience time.Duration) (*client.Client, error) {
	c, err := client.New(s.url, patience)
	if err != nil {
		return nil, usage("--url: %w", err)
	}
	return c, nil
}

// patientClient is for long work. It fails at once if nothing answers at all.
func (s *session) patientClient(ctx context.Context) (*client.Client, error) {
	c, err := s.client(longPatience)
	if err != nil {
		return nil, err
	}
	return c, c.Ping(ctx)
}

func (s *session) warn(format string, args ...any) { fmt.Fprintf(s.stderr, format+"\n", args...) }

// openInput opens a file that the user named.
func openInput(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, usage("%s cannot be read: %w", path, withoutPath(err))
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("it is a folder")
	}
	if err != nil {
		_ = f.Close() // it was only looked at
		return nil, usage("%s cannot be read: %w", path, withoutPath(err))
	}
	return f, nil
}

// withoutPath drops the path and the system call from an error of a file.
func withoutPath(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
