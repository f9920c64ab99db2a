package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"orderly/internal/client"
)

// ordersGetCommand shows one order.
type ordersGetCommand struct {
	ID     string        `arg:"" help:"The order's id."`
	Wait   time.Duration `help:"Wait up to this long, 30s at most, for the order to end." placeholder:"TIME"`
	Events bool          `help:"Show what happened to the order as well."`
}

// orderShown is an order as get prints it.
type orderShown struct {
	client.Order
	Events []client.Event `json:"events,omitempty"`
}

// Run runs the command.
func (c *ordersGetCommand) Run(ctx context.Context, s *session) error {
	api, err := s.client(shortPatience)
	if err != nil {
		return err
	}
	defer api.Close()
	var shown orderShown
	if shown.Order, err = api.Order(ctx, c.ID, c.Wait); err != nil {
		return err
	}
	if c.Events {
		if shown.Events, err = api.Events(ctx, c.ID); err != nil {
			return err
		}
	}
	return s.out.print(shown, shown.text)
}

func (o orderShown) text(w io.Writer) {
	fmt.Fprintf(w, "order\t%s\npriority\t%s\nstatus\t%s\n", o.OrderID, o.Priority, status(o.Order))
	fmt.Fprintf(w, "customer\t%s\npayment method\t%s\n", o.CustomerID, o.PaymentMethod)
	if o.TotalMinor != nil {
		fmt.Fprintf(w, "total\t%s\n", money(*o.TotalMinor, o.Currency))
	}
	if o.CreditedMinor > 0 {
		fmt.Fprintf(w, "refunded\t%s, by hand\n", money(o.CreditedMinor, o.Currency))
	}
	fmt.Fprintf(w, "placed\t%s\nchanged\t%s\n", o.CreatedAt.Format(time.RFC3339Nano), o.UpdatedAt.Format(time.RFC3339Nano))
	fmt.Fprintf(w, "correlation\t%s\n", o.CorrelationID)
	if o.TraceID != "" {
		fmt.Fprintf(w, "trace\t%s\n", o.TraceID)
	}
	for _, name := range slices.Sorted(maps.Keys(o.Metadata)) {
		fmt.Fprintf(w, "%s\t%s\n", name, o.Metadata[name])
	}
	fmt.Fprintf(w, "items\t%d\n", len(o.Items))
	for _, it := range o.Items {
		price := "not priced yet"
		if it.UnitPriceMinor != nil {
			price = money(*it.UnitPriceMinor, o.Currency)
		}
		fmt.Fprintf(w, "  %s\t%d × %s\n", it.ProductID, it.Quantity, price)
	}
	for _, e := range o.Events {
		fmt.Fprintln(w, eventLine(e))
	}
}

// status is the status with what else there is to say about it.
func status(o client.Order) string {
	switch {
	case o.Reason != "":
		return o.Status + ": " + o.Reason
	case o.Ended() && !o.Closed:
		return o.Status + ", being settled"
	}
	return o.Status
}
