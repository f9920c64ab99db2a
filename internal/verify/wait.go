package verify

import (
	"context"
	"time"

	"orderly/internal/audit"
)

const pollEvery = 250 * time.Millisecond

// wait waits until the orders that are open now have closed, but no longer than
// o.Wait, and returns those orders. Then it lets the grace pass, so that what
// has just closed can be judged as closed.
func wait(ctx context.Context, o Options) (map[string]bool, error) {
	until := time.Now().Add(o.Wait)
	all, err := openOrders(ctx, o.Source)
	if err != nil {
		return nil, err
	}
	for left := len(all); left > 0 && time.Now().Before(until); {
		if err := pause(ctx, pollEvery); err != nil {
			return nil, err
		}
		open, err := openOrders(ctx, o.Source)
		if err != nil {
			return nil, err
		}
		left = 0
		for id := range open {
			if all[id] {
				left++
			}
		}
	}
	return all, pause(ctx, o.Grace)
}

func openOrders(ctx context.Context, s Source) (map[string]bool, error) {
	f, err := openFeed(ctx, s, audit.PathOpen)
	if err != nil {
		return nil, err
	}
	defer f.close()
	open := make(map[string]bool)
	err = f.rest(func(l audit.Line) error {
		if l.Open != nil {
			open[l.Open.OrderID] = true
		}
		return nil
	})
	return open, err
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
