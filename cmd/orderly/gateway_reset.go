package main

import (
	"context"

	"orderly/internal/client"
)

// gatewayResetCommand makes the simulated gateway behave again.
type gatewayResetCommand struct{}

// Run runs the command.
func (gatewayResetCommand) Run(ctx context.Context, s *session) error {
	api, err := s.client(shortPatience)
	if err != nil {
		return err
	}
	defer api.Close()
	g, err := api.SetGateway(ctx, client.Gateway{})
	if err != nil {
		return err
	}
	return printGateway(s, g)
}
