package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"orderly/internal/client"
)

// ordersListCommand lists orders.
type ordersListCommand struct {
	Status   string `help:"Only those that are pending, reserved, confirmed or cancelled (default: ${default})." enum:"any,pending,reserved,confirmed,cancelled" default:"any" placeholder:"STATUS"`
	Customer string `help:"Only those of this customer." placeholder:"ID"`
	Limit    int    `help:"The most orders to list; 0 lists all (default: ${default})." default:"50" placeholder:"N"`
}

// Validate is called by the parser.
func (c *ordersListCommand) Validate() error {
	if c.Limit < 0 {
		return fmt.Errorf("--limit: %d is negative", c.Limit)
	}
	return nil
}

// Run runs the command.
func (c *ordersListCommand) Run(ctx context.Context, s *session) error {
	api, err := s.client(shortPatience)
	if err != nil {
		return err
	}
	defer api.Close()
	wanted := c.Status
	if wanted == "any" {
		wanted = ""
	}
	orders := []client.Order{}
	for o, err := range api.Orders(ctx, wanted, c.Customer) {
		if err != nil {
			return err
		}
		orders = append(orders, o)
		if len(orders) == c.Limit {
			break
		}
	}
	if c.Limit > 0 && len(orders) == c.Limit {
		fmt.Fprintf(s.stderr, "the %d newest; --limit 0 lists all\n", c.Limit)
	}
	return s.out.print(orders, func(w io.Writer) {
		fmt.Fprintln(w, "ORDER\tPRIORITY\tSTATUS\tTOTAL\tCUSTOMER\tPLACED")
		for _, o := range orders {
			total := "-"
			if o.TotalMinor != nil {
				total = money(*o.TotalMinor, o.Currency)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", o.OrderID, o.Priority, status(o), total, o.CustomerID, o.CreatedAt.Format(time.RFC3339))
		}
	})
}
