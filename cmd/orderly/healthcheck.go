package main

import (
	"context"
	"fmt"
	"io"

	"orderly/cmd/internal/daemon"
)

// healthcheckCommand asks a process how it is.
type healthcheckCommand struct {
	Live bool `help:"Ask whether the process lives, not whether it is ready for requests."`
}

// health is what healthcheck prints.
type health struct {
	Status string `json:"status"`
}

// Run runs the command.
func (c *healthcheckCommand) Run(ctx context.Context, s *session) error {
	if _, err := s.client(shortPatience); err != nil { // the address is none
		return err
	}
	if err := daemon.CheckHealth(ctx, s.url, c.Live); err != nil {
		return err
	}
	h := health{Status: "ready"}
	if c.Live {
		h.Status = "live"
	}
	return s.out.print(h, func(w io.Writer) { fmt.Fprintln(w, h.Status) })
}
