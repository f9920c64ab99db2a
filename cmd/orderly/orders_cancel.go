package main

import (
	"context"
	"fmt"
	"io"
)

// ordersCancelCommand cancels an order.
type ordersCancelCommand struct {
	ID string `arg:"" help:"The order's id."`
}

// Run runs the command.
func (c *ordersCancelCommand) Run(ctx context.Context, s *session) error {
	api, err := s.client(shortPatience)
	if err != nil {
		return err
	}
	defer api.Close()
	o, err := api.Cancel(ctx, c.ID)
	if err != nil {
		return err
	}
	return s.out.print(o, func(w io.Writer) { fmt.Fprintf(w, "order %s is %s\n", o.OrderID, status(o)) })
}
