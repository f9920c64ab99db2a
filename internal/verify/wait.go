package verify

import (
	"context"
	"time"

	"orderly/internal/audit"
)

const pollEvery = 250 * time.Millisecond

// waited is what became of the orders that were open when the wait began: true
// for those that were seen to close before it ended.
type waited map[string]bool

// wait waits until the orders that are open now have closed, but no longer than
// o.Wait. Then it lets the grace pass and a little more, so that whatever has
// just closed can be judged as closed.
func wait(ctx context.Context, o Options) (waited, error) {
	until := time.Now().Add(o.Wait)
	open, err := openOrders(ctx, o.Source)
	if err != nil {
		return nil, err
	}
	w := make(waited, len(open))
	for id := range open {
		w[id] = false
	}
	for w.left() > 0 && time.Now().Before(until) {
		if err := pause(ctx, pollEvery); err != nil {
			return nil, err
		}
		if open, err = openOrders(ctx, o.Source); err != nil {
			return nil, err
		}
		for id := range w {
			w[id] = !open[id]
		}
	}
	return w, pause(ctx, o.Grace+pollEvery)
}

func (w waited) left() int {
	n := 0
	for _, closed := range w {
		if !closed {
			n++
		}
	}
	return n
}

func openOrders(ctx context.Context, s Source) (map[string]bool, error) {
	f, err := openFeed(ctx, s, audit.PathOpen)
	if err != nil {
		return nil, err
	}
	defer f.close()
	open := make(map[string]bool)
	err = f.rest(func(l audit.Line) error {
		open[l.Open.OrderID] = true
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
