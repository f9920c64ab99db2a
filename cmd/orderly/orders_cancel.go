package main

import (
	"context"
	"fmt"
	"io"

	"orderly/internal/client"
)

// ordersCancelCommand cancels an order.
type ordersCancelCommand struct {
	ID string `arg:"" help:"The order's id."`
	act
}

// Validate is called by the parser.
func (c *ordersCancelCommand) Validate() error {
	if c.By != "" && c.Why == "" {
		return fmt.Errorf("--by: say --why as well; without either it counts as the customer's own wish")
	}
	return nil
}

// Run runs the command.
func (c *ordersCancelCommand) Run(ctx context.Context, s *session) error {
	api, err := s.client(shortPatience)
	if err != nil {
		return err
	}
	defer api.Close()
	var note client.Note
	if c.Why != "" {
		if note, err = c.note(); err != nil {
			return err
		}
	}
	o, err := api.Cancel(ctx, c.ID, note)
	if err != nil {
		return err
	}
	return s.out.print(o, func(w io.Writer) { fmt.Fprintf(w, "order %s is %s\n", o.OrderID, status(o)) })
}
