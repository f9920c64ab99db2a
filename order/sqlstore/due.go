package sqlstore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"orderly/order"
	"orderly/pkg/sqldb"
)

// dueLimit is how many orders the clock speaks to at a time: with a question a
// second, what redrive may cost in a storm.
const dueLimit = 128

// Clock finds the orders that the clock has something to say to.
type Clock struct {
	store *Store
	// horizon says how far the other services have come: they have heard all
	// that was published before that time. An order whose last progress is
	// younger waits for them, it is not lost.
	horizon func(ctx context.Context) (time.Time, error)
	started time.Time // orders placed before it may never have been announced
	after   string    // the last of them that got a tick
	caught  bool      // all of them did
}

// NewClock returns the order service's clock. Horizon may be nil, if the other
// services never lag.
func (s *Store) NewClock(horizon func(context.Context) (time.Time, error)) *Clock {
	return &Clock{store: s, horizon: horizon}
}

// Due returns ticks for orders that are due, and after a start for those that
// the process before may have accepted but not announced. It is for one
// goroutine.
func (c *Clock) Due(ctx context.Context) ([]any, error) {
	now, err := c.store.db.Now(ctx)
	if err != nil {
		return nil, fmt.Errorf("orders due: %w", err)
	}
	if c.started.IsZero() {
		c.started = now
	}
	due, err := c.ids(ctx, "SELECT id FROM open_orders WHERE due_at <= $1 ORDER BY id LIMIT $2", sqldb.Micros(now), dueLimit)
	if err != nil {
		return nil, err
	}
	first, err := c.unannounced(ctx)
	if err != nil {
		return nil, err
	}
	ticks, err := c.ticks(ctx, now, due, first)
	if err != nil {
		return nil, err
	}
	c.passed(first)
	return ticks, nil
}

// ticks asks for the horizon if there is anybody to tell.
func (c *Clock) ticks(ctx context.Context, now time.Time, due, first []string) ([]any, error) {
	if len(due)+len(first) == 0 {
		return nil, nil
	}
	horizon := now
	if c.horizon != nil {
		var err error
		if horizon, err = c.horizon(ctx); err != nil {
			return nil, fmt.Errorf("how far the other services have come: %w", err)
		}
	}
	return append(ticksFor(due, horizon, false), ticksFor(first, horizon, true)...), nil
}

// unannounced returns the next orders placed before the start that are still
// pending.
func (c *Clock) unannounced(ctx context.Context) ([]string, error) {
	if c.caught {
		return nil, nil
	}
	return c.ids(ctx, `SELECT id FROM open_orders WHERE id > $1
		AND (SELECT status = $2 AND redrives = 0 AND created_at < $3 FROM orders WHERE orders.id = open_orders.id)
		ORDER BY id LIMIT $4`,
		c.from(), string(order.Pending), sqldb.Micros(c.started), dueLimit)
}

// passed remembers a page of unannounced orders, which has its ticks: only then
// is it not asked for again.
func (c *Clock) passed(first []string) {
	c.caught = c.caught || len(first) < dueLimit
	if len(first) > 0 {
		c.after = first[len(first)-1]
	}
}

const firstID = "00000000-0000-0000-0000-000000000000"

func (c *Clock) from() string {
	if c.after == "" {
		return firstID
	}
	return c.after
}

func (c *Clock) ids(ctx context.Context, query string, args ...any) ([]string, error) {
	rows, err := c.store.db.Reader().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("orders due: %w", err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("orders due: %w", err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

func ticksFor(ids []string, horizon time.Time, now bool) []any {
	ticks := make([]any, len(ids))
	for i, id := range ids {
		ticks[i] = Tick{OrderID: id, Tick: order.Tick{Jitter: rand.Float64(), Now: now, Horizon: horizon}}
	}
	return ticks
}
