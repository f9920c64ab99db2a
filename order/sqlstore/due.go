package sqlstore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"orderly/order"
	"orderly/pkg/sqldb"
)

// dueLimit is how many orders the clock speaks to at a time: with a question a
// second, what redrive may cost in a storm.
const dueLimit = 256

// Clock finds the orders that the clock has something to say to.
type Clock struct {
	store   *Store
	lag     Lag
	lost    atomic.Bool // the broker has lost something since the last question
	losses  time.Time   // when it last had: who moved before waits for nobody
	started time.Time   // orders that moved shortly before may have told nobody
	after   string      // the last of them that got a tick
	caught  bool        // all of them did
	last    string      // whom it spoke to last among those that are due
}

// Lag says, by lane, how far the other services are behind: they have heard all
// that was published longer ago. An order whose last progress is younger waits for
// them, it is not lost. On a lane that is not in it nobody is behind.
type Lag func(context.Context) (map[string]time.Duration, error)

// NewClock returns the order service's clock. Lag may be nil, if the other
// services are never behind.
func (s *Store) NewClock(lag Lag) *Clock {
	return &Clock{store: s, lag: lag}
}

// BrokerLost tells the clock that the broker has lost messages. Orders that moved
// before are then announced, when they are due, without waiting for those who are
// behind: what they would have to wait for may be what was lost. Any goroutine
// may call it.
func (c *Clock) BrokerLost() { c.lost.Store(true) }

// Due returns ticks for orders that are due, and after a start for those that
// the process before may have moved without telling anybody. Where nobody says how
// far the others are, the error comes with ticks for orders past their deadline,
// which waits for nobody. It is for one goroutine.
func (c *Clock) Due(ctx context.Context) ([]any, error) {
	now, err := c.store.db.Now(ctx)
	if err != nil {
		return nil, fmt.Errorf("orders due: %w", err)
	}
	if c.started.IsZero() {
		c.started = now
	}
	if c.lost.Swap(false) {
		c.losses = now
	}
	due, last, err := c.waiting(ctx, now)
	if err != nil {
		return nil, err
	}
	untold, err := c.untold(ctx)
	if err != nil {
		return nil, err
	}
	if len(due)+len(untold) == 0 {
		c.last = last
		return nil, nil
	}
	horizon, unknown := c.horizon(ctx, now)
	ticks, err := c.ripe(ctx, due, horizon)
	if err != nil {
		return nil, err
	}
	c.last = last
	if unknown != nil {
		return ticks, unknown
	}
	if least := horizon.least(); !least.Before(c.started) { // what was told before the start has been heard
		ticks = append(ticks, ticksFor(untold, least, true)...)
		c.passed(untold)
	}
	return ticks, nil
}

// horizon is asked of the other services.
func (c *Clock) horizon(ctx context.Context, now time.Time) (horizon, error) {
	h := horizon{now: now}
	if c.lag == nil {
		return h, nil
	}
	lags, err := c.lag(ctx)
	if err != nil {
		return horizon{now: now, unknown: true}, fmt.Errorf("how far the other services have come: %w", err)
	}
	h.behind = make(map[string]time.Time, len(lags))
	for lane, lag := range lags {
		at := now.Add(-max(0, lag))
		if at.Before(c.losses) {
			at = c.losses
		}
		if at.Before(now) {
			h.behind[lane] = at
		}
	}
	return h, nil
}

// waiting returns the next orders that are due, and who is the last of them; at
// the end of the queue the next call begins at its head. Nobody comes twice
// before everybody had a turn: orders that are passed over, or cannot be told
// anything, hold up no other.
func (c *Clock) waiting(ctx context.Context, now time.Time) (ids []string, last string, err error) {
	ids, err = c.ids(ctx, "SELECT id FROM open_orders WHERE due_at <= $1 AND id > $2 ORDER BY id LIMIT $3",
		sqldb.Micros(now), from(c.last), dueLimit)
	if err == nil && len(ids) == dueLimit {
		last = ids[len(ids)-1]
	}
	return ids, last, err
}

// ripe returns ticks for those of the orders that there is something to say to. The
// others moved after the horizon of their lane: they wait for those who are behind,
// and are passed over until the horizon has come to them. Writing down that each has
// to wait would be the larger part of what the clock costs while many wait for one
// who is away.
func (c *Clock) ripe(ctx context.Context, ids []string, h horizon) ([]any, error) {
	if len(ids) == 0 || h.reached() {
		return ticksFor(ids, h.now, false), nil
	}
	in, arg := c.store.db.In(idColumn, 1, ids)
	rows, err := c.store.db.Reader().QueryContext(ctx, "SELECT id, lane, updated_at, deadline <= $2 AND status IN ('pending', 'reserved') FROM orders WHERE "+in+" ORDER BY id",
		arg, sqldb.Micros(h.now))
	if err != nil {
		return nil, fmt.Errorf("orders due: %w", err)
	}
	defer rows.Close()
	var ticks []any
	for rows.Next() {
		var id, lane string
		var moved time.Time
		var late bool
		if err := rows.Scan(&id, &lane, sqldb.ScanTime(&moved), &late); err != nil {
			return nil, fmt.Errorf("orders due: %w", err)
		}
		if at := h.of(lane); late || !moved.After(at) {
			ticks = append(ticks, tickFor(id, at, false))
		}
	}
	return ticks, rows.Err()
}

// untold returns the next open orders that moved shortly before the start. Those
// that moved earlier are due by now if they were not told of.
func (c *Clock) untold(ctx context.Context) ([]string, error) {
	if c.caught {
		return nil, nil
	}
	since := c.started.Add(-c.store.cfg.Policy.RedriveFirst)
	ids, err := c.ids(ctx, `SELECT id FROM open_orders WHERE id > $1
		AND (SELECT redrives = 0 AND updated_at >= $2 AND updated_at < $3 FROM orders WHERE orders.id = open_orders.id)
		ORDER BY id LIMIT $4`,
		from(c.after), sqldb.Micros(since), sqldb.Micros(c.started), dueLimit)
	c.caught = err == nil && len(ids) == 0
	return ids, err
}

// passed remembers a page of untold orders, which has its ticks: only then is it
// not asked for again.
func (c *Clock) passed(untold []string) {
	c.caught = c.caught || len(untold) < dueLimit
	if len(untold) > 0 {
		c.after = untold[len(untold)-1]
	}
}

const firstID = "00000000-0000-0000-0000-000000000000"

// from is where a walk goes on after an id, or begins.
func from(after string) string {
	if after == "" {
		return firstID
	}
	return after
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
		ticks[i] = tickFor(id, horizon, now)
	}
	return ticks
}

func tickFor(id string, horizon time.Time, now bool) Tick {
	return Tick{OrderID: id, Tick: order.Tick{Jitter: rand.Float64(), Now: now, Horizon: horizon}}
}
