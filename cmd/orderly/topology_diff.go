package main

import (
	"context"
	"fmt"
	"io"

	"orderly/pkg/natsbus"
)

// topologyDiffCommand compares the servers with what the services want.
type topologyDiffCommand struct{ brokerFlags }

// shownDifference is a comparison as it is printed.
type shownDifference struct {
	Missing []string     `json:"missing"`
	Drift   []shownDrift `json:"drift"`
	Foreign []string     `json:"foreign"`
}

// Run runs the command.
func (c *topologyDiffCommand) Run(ctx context.Context, s *session) error {
	return c.on(ctx, func(ctx context.Context, bus *natsbus.Conn, t natsbus.Topology) error {
		d, err := t.Diff(ctx, bus.JetStream())
		if err != nil {
			return fmt.Errorf("the servers could not be compared: %w", err)
		}
		shown := shownDifference{Missing: orEmpty(d.Missing), Drift: showDrifts(d.Drift), Foreign: orEmpty(d.Foreign)}
		if err := s.out.print(shown, shown.text); err != nil {
			return err
		}
		if !d.None() {
			return errReported
		}
		return nil
	})
}

func (d shownDifference) text(w io.Writer) {
	namesText(w, "missing", d.Missing, "")
	driftText(w, "differs", d.Drift)
	namesText(w, "foreign", d.Foreign, ": somebody else reads this stream; it is left alone")
	if len(d.Missing)+len(d.Drift) == 0 {
		fmt.Fprintln(w, "no drift: the servers have what the services want")
	}
}
