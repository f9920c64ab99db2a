package main

import (
	"context"

	"orderly/internal/client"
)

// dlqRepublishCommand publishes dead letters once more.
type dlqRepublishCommand struct {
	dlqChoice
	act
}

// Run runs the command.
func (c *dlqRepublishCommand) Run(ctx context.Context, s *session) error {
	return c.each(ctx, s, c.act, (*client.Client).RepublishLetters)
}
