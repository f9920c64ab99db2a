package main

import (
	"context"
	"errors"
	"path/filepath"
)

// upCommand runs everything in this process until a signal comes.
type upCommand struct {
	Data        string `help:"Directory that holds everything; made if it is missing (default: ${default})." default:"./.orderly" env:"ORDERLY_DATA" placeholder:"DIR"`
	systemFlags `embed:"" set:"log_level=info"`
}

// ready is what up prints once requests are answered.
type ready struct {
	URL  string `json:"url"`
	Data string `json:"data"`
}

// Run runs the command.
func (c *upCommand) Run(ctx context.Context, s *session) (err error) {
	dir, err := filepath.Abs(c.Data)
	if err != nil {
		return usage("--data: %w", err)
	}
	system, err := c.start(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop(ctx, system)) }()
	url := system.URL()
	if err := s.out.row(ready{URL: url, Data: dir}, "orderly is ready: %s (data in %s)", url, dir); err != nil {
		return err
	}
	return serve(ctx, system)
}
