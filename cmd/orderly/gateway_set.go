package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"orderly/internal/client"
)

// gatewaySetCommand changes how the simulated gateway behaves. What is not named
// stays as it is.
type gatewaySetCommand struct {
	Outage      *time.Duration `help:"Away from now on, for this long; 0s ends it." placeholder:"TIME"`
	Latency     *spread        `help:"How long a call takes, as 200ms or 200ms±50ms (also 200ms+-50ms)." placeholder:"TIME"`
	LoseAnswers *share         `help:"The share of calls that have their effect and whose answer is lost, as 2% or 0.02." placeholder:"SHARE"`
	Decline     *share         `help:"The share of charges that are declined, whatever their payment method." placeholder:"SHARE"`
}

const maxOutage = 30 * 24 * time.Hour

// Validate is called by the parser.
func (c *gatewaySetCommand) Validate() error {
	switch {
	case c.Outage == nil && c.Latency == nil && c.LoseAnswers == nil && c.Decline == nil:
		return errors.New("say what to set: --outage, --latency, --lose-answers or --decline")
	case c.Outage != nil && (*c.Outage < 0 || *c.Outage > maxOutage):
		return fmt.Errorf("--outage: %s is not between 0s and %s", *c.Outage, maxOutage)
	}
	return nil
}

// Run runs the command.
func (c *gatewaySetCommand) Run(ctx context.Context, s *session) error {
	api, err := s.client(shortPatience)
	if err != nil {
		return err
	}
	defer api.Close()
	g, err := api.Gateway(ctx)
	if err != nil {
		return err
	}
	if g, err = api.SetGateway(ctx, c.change(g)); err != nil {
		return err
	}
	return printGateway(s, g)
}

func (c *gatewaySetCommand) change(g client.Gateway) client.Gateway {
	if c.Outage != nil {
		g.Outage, g.OutageUntil, g.OutageFor = false, nil, c.Outage.String()
	}
	if c.Latency != nil {
		g.Latency, g.Jitter = c.Latency.least().String(), c.Latency.width().String()
	}
	if c.LoseAnswers != nil {
		g.LoseAnswers = float64(*c.LoseAnswers)
	}
	if c.Decline != nil {
		g.Decline = float64(*c.Decline)
	}
	return g
}
