package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"orderly/internal/client"
)

// ordersWatchCommand prints changes of orders until they have ended.
type ordersWatchCommand struct {
	IDs    []string `arg:"" optional:"" name:"id" help:"The orders to watch."`
	Status string   `help:"Watch the orders that have this status now: pending, reserved, or open for both (default: ${default})." enum:"open,pending,reserved" default:"open" placeholder:"STATUS"`
}

const (
	watchEvery       = 300 * time.Millisecond
	watchConcurrency = 16
)

// Validate is called by the parser.
func (c *ordersWatchCommand) Validate() error {
	if len(c.IDs) > 0 && c.Status != "open" {
		return errors.New("give ids or --status, not both")
	}
	return nil
}

// change is one line of what watch prints.
type change struct {
	Time    time.Time `json:"time"`
	OrderID string    `json:"order_id"`
	Status  string    `json:"status"`
	Reason  string    `json:"reason,omitempty"`
}

// Run runs the command.
func (c *ordersWatchCommand) Run(ctx context.Context, s *session) error {
	api, err := s.client(shortPatience)
	if err != nil {
		return err
	}
	defer api.Close()
	open := c.IDs
	if len(open) == 0 {
		if open, err = c.open(ctx, api); err != nil {
			return err
		}
	}
	w := &watcher{api: api, out: s.out, last: make(map[string]string)}
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		if open, err = w.look(ctx, open); err != nil || len(open) == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// open returns the ids of the orders that have not ended.
func (c *ordersWatchCommand) open(ctx context.Context, api *client.Client) ([]string, error) {
	statuses := []string{"pending", "reserved"}
	if c.Status != "open" {
		statuses = []string{c.Status}
	}
	var ids []string
	for _, status := range statuses {
		for o, err := range api.Orders(ctx, status, "") {
			if err != nil {
				return nil, err
			}
			ids = append(ids, o.OrderID)
		}
	}
	return ids, nil
}

type watcher struct {
	api *client.Client

	mu   sync.Mutex // guards what follows
	out  output
	last map[string]string // status by order
}

// look prints what is new and returns the orders that are still open.
func (w *watcher) look(ctx context.Context, ids []string) ([]string, error) {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(watchConcurrency)
	ended := make([]bool, len(ids))
	for i, id := range ids {
		g.Go(func() error {
			o, err := w.api.Order(ctx, id, 0)
			if err != nil {
				return err
			}
			ended[i] = o.Ended()
			return w.tell(o)
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var open []string
	for i, id := range ids {
		if !ended[i] {
			open = append(open, id)
		}
	}
	return open, nil
}

func (w *watcher) tell(o client.Order) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.last[o.OrderID] == o.Status {
		return nil
	}
	w.last[o.OrderID] = o.Status
	c := change{Time: o.UpdatedAt, OrderID: o.OrderID, Status: o.Status, Reason: o.Reason}
	return w.out.row(c, "%s  %s  %s", c.Time.Format(time.RFC3339Nano), o.OrderID, status(o))
}
