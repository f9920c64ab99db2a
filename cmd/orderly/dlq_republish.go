package main

import (
	"context"

	"orderly/internal/client"
)

// dlqRepublishCommand publishes dead letters once more.
type dlqRepublishCommand struct{ dlqChoice }

// Run runs the command.
func (c *dlqRepublishCommand) Run(ctx context.Context, s *session) error {
	return c.each(ctx, s, func(api *client.Client, service string, ids []string) ([]client.LetterResult, error) {
		return api.RepublishLetters(ctx, service, ids)
	})
}
