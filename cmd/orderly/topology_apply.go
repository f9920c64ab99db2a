package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"orderly/pkg/natsbus"
)

// topologyApplyCommand brings the servers to what the services want, as far as
// nothing can be lost by it.
type topologyApplyCommand struct{ brokerFlags }

// shownApplied is what was done, as it is printed.
type shownApplied struct {
	Created []string     `json:"created"`
	Changed []shownDrift `json:"changed"`
	Left    []shownDrift `json:"left"`
	Missing []string     `json:"missing"`
}

// Run runs the command.
func (c *topologyApplyCommand) Run(ctx context.Context, s *session) error {
	return c.on(ctx, func(ctx context.Context, bus *natsbus.Conn, t natsbus.Topology) error {
		done, err := t.Apply(ctx, bus.JetStream())
		shown := shownApplied{Created: orEmpty(done.Created), Changed: showDrifts(done.Changed), Left: showDrifts(done.Left), Missing: orEmpty(done.Missing)}
		text := shown.text
		if err != nil {
			err = fmt.Errorf("not everything was applied, which can be repeated: %w", err)
			text = shown.list
		}
		err = errors.Join(err, s.out.print(shown, text))
		if err == nil && len(done.Left) > 0 {
			return errReported
		}
		return err
	})
}

func (a shownApplied) text(w io.Writer) {
	a.list(w)
	if len(a.Created)+len(a.Changed)+len(a.Left)+len(a.Missing) == 0 {
		fmt.Fprintln(w, "nothing to do: the servers have what the services want")
	}
}

func (a shownApplied) list(w io.Writer) {
	namesText(w, "created", a.Created, "")
	driftText(w, "changed", a.Changed)
	driftText(w, "left", a.Left)
	namesText(w, "left", a.Missing, ": its service makes it at its start, from where it was")
}
