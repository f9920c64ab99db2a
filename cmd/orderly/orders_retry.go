package main

import (
	"context"
	"fmt"
	"io"
)

// ordersRetryCommand announces an order again.
type ordersRetryCommand struct {
	ID string `arg:"" help:"The order's id."`
	act
}

// Run runs the command.
func (c *ordersRetryCommand) Run(ctx context.Context, s *session) error {
	api, err := s.client(shortPatience)
	if err != nil {
		return err
	}
	defer api.Close()
	note, err := c.note()
	if err != nil {
		return err
	}
	o, err := api.Retry(ctx, c.ID, note)
	if err != nil {
		return err
	}
	return s.out.print(o, func(w io.Writer) {
		fmt.Fprintf(w, "order %s is %s, and announced again\n", o.OrderID, status(o))
	})
}
