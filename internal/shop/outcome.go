package shop

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"orderly/internal/client"
)

const awaitConcurrency = 16

// Outcome is how orders ended. The times come from the orders' own history,
// placing and end as the system committed them, so that looking at them has no
// part in them.
type Outcome struct {
	Orders    int
	Confirmed int
	Cancelled map[string]int   // by reason
	Revenue   map[string]int64 // of what was confirmed: minor units by currency

	// The times are of the orders that were not untimed.
	Timed int       // how many these are
	First time.Time // when the first was placed
	Last  time.Time // when the last ended

	took []time.Duration // from placing to the end, sorted once all are known
}

// AwaitOptions say how orders are awaited; the zero value will do.
type AwaitOptions struct {
	// Untimed are orders whose times say nothing, as of those that were placed
	// long ago. They count in everything else.
	Untimed map[string]bool
	// Done, if not nil, is called after each order, one call at a time.
	Done func(ended int)
}

// Await waits until all orders have ended and tells how. The ids must differ.
func Await(ctx context.Context, c *client.Client, ids []string, options AwaitOptions) (Outcome, error) {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(awaitConcurrency)
	var mu sync.Mutex // guards out and lets one call of Done run at a time
	out := Outcome{Cancelled: make(map[string]int), Revenue: make(map[string]int64)}
	for _, id := range ids {
		g.Go(func() error {
			o, at, err := end(ctx, c, id)
			if err != nil {
				return fmt.Errorf("order %s: %w", id, err)
			}
			mu.Lock()
			defer mu.Unlock()
			out.add(o)
			if !options.Untimed[id] {
				out.time(o, at)
			}
			if options.Done != nil {
				options.Done(out.Orders)
			}
			return nil
		})
	}
	err := g.Wait()
	slices.Sort(out.took)
	return out, err
}

// end returns an order that has ended, and when it did.
func end(ctx context.Context, c *client.Client, id string) (client.Order, time.Time, error) {
	o, err := c.Ended(ctx, id)
	if err != nil {
		return o, time.Time{}, err
	}
	events, err := c.Events(ctx, id)
	if err != nil {
		return o, time.Time{}, err
	}
	for _, e := range events {
		if e.Name == "orders."+o.Status {
			return o, e.Time, nil
		}
	}
	return o, time.Time{}, fmt.Errorf("is %s, but its history does not say when that came", o.Status)
}

func (o *Outcome) add(order client.Order) {
	o.Orders++
	if order.Status == client.Confirmed {
		o.Confirmed++
		if order.TotalMinor != nil {
			o.Revenue[order.Currency] += *order.TotalMinor
		}
	} else {
		o.Cancelled[order.Reason]++
	}
}

// time takes the times of an order that ended then.
func (o *Outcome) time(order client.Order, at time.Time) {
	o.Timed++
	if o.First.IsZero() || order.CreatedAt.Before(o.First) {
		o.First = order.CreatedAt
	}
	if at.After(o.Last) {
		o.Last = at
	}
	o.took = append(o.took, at.Sub(order.CreatedAt))
}

// Took returns the time from placing to the end that the share q of orders,
// between 0 and 1, did not exceed; 0 if none was timed.
func (o Outcome) Took(q float64) time.Duration {
	if len(o.took) == 0 {
		return 0
	}
	i := int(q*float64(len(o.took))+0.5) - 1
	return o.took[min(max(i, 0), len(o.took)-1)]
}

// PerSecond is how many timed orders ended in a second, from the first placing to
// the last end; 0 if that is not known.
func (o Outcome) PerSecond() float64 {
	d := o.Last.Sub(o.First)
	if d <= 0 {
		return 0
	}
	return float64(o.Timed) / d.Seconds()
}
