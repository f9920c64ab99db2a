package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"orderly/internal/client"
)

// ordersStuckCommand lists open orders without progress.
type ordersStuckCommand struct {
	For   time.Duration `help:"Without progress for longer than this (default: ${default})." default:"1m" placeholder:"TIME"`
	Limit int           `help:"The most orders to list, 200 at most: a few questions each go to the other services (default: ${default})." default:"20" placeholder:"N"`
	apart
}

// Validate is called by the parser.
func (c *ordersStuckCommand) Validate() error {
	switch {
	case c.For < 0:
		return fmt.Errorf("--for: %s is negative", c.For)
	case c.Limit < 1 || c.Limit > 200:
		return fmt.Errorf("--limit: %d is not between 1 and 200", c.Limit)
	}
	return nil
}

// stuckShown is a stuck order as it is printed.
type stuckShown struct {
	client.StuckOrder
	Waits []wait `json:"waits"`
}

// Run runs the command.
func (c *ordersStuckCommand) Run(ctx context.Context, s *session) error {
	api, err := c.clients(s)
	if err != nil {
		return err
	}
	defer api.Close()
	page, err := api.order.Stuck(ctx, c.For, c.Limit)
	if err != nil {
		return err
	}
	others := newAsker(ctx, api)
	shown := make([]stuckShown, len(page.Items))
	for i, o := range page.Items {
		shown[i] = stuckShown{o, others.ask(ctx, o).waits(page.Channels)}
	}
	if page.Broker != "" {
		s.warn("the broker does not say how far the services have come: %s", page.Broker)
	}
	if page.Next != "" {
		s.warn("the %d oldest, there are more", len(shown))
	}
	now := time.Now()
	return s.out.print(shown, func(w io.Writer) {
		if len(shown) == 0 {
			fmt.Fprintf(w, "no open order is without progress for longer than %s\n", c.For)
			return
		}
		fmt.Fprintln(w, "ORDER\tSTATUS\tSTILL FOR\tWAITS FOR\tWHY\tANNOUNCED AGAIN")
		for _, o := range shown {
			o.text(w, now)
		}
	})
}

func (o stuckShown) text(w io.Writer, now time.Time) {
	first := fmt.Sprintf("%s\t%s\t%s", o.OrderID, o.Status, now.Sub(o.UpdatedAt).Round(time.Second))
	again := o.again(now)
	for _, one := range o.Waits {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", first, one.For, one.Why, again)
		first, again = "\t\t", ""
	}
}

// again says what Orderly does about the order by itself.
func (o stuckShown) again(now time.Time) string {
	at := o.NextRedrive
	if !o.Ended() && o.Deadline.Before(at) {
		return fmt.Sprintf("cancelled at %s", o.Deadline.Format(time.TimeOnly))
	}
	when := "at " + at.Format(time.TimeOnly)
	if !at.After(now) {
		when = "once the others have caught up"
	}
	return fmt.Sprintf("%s, %d times so far", when, o.Redrives)
}
