package sqlstore

import (
	"context"
	"fmt"
	"time"

	"orderly/order"
	"orderly/pkg/sqldb"
)

// Stuck returns a page of the open orders that made no progress for so long, by
// the database's clock, the oldest first. It goes through the open orders: a join
// would be free to read all others instead.
func (s *Store) Stuck(ctx context.Context, f order.StuckFilter) ([]order.Order, error) {
	now, err := s.db.Now(ctx)
	if err != nil {
		return nil, fmt.Errorf("list stuck orders: %w", err)
	}
	before := sqldb.Micros(now.Add(-max(f.For, time.Microsecond)))
	found, err := s.query(ctx, "SELECT "+orderFields+` FROM
		(SELECT id FROM open_orders WHERE id > $1
			AND (SELECT updated_at < $2 FROM orders WHERE orders.id = open_orders.id) ORDER BY id LIMIT $3) page
		JOIN orders ON orders.id = page.id ORDER BY orders.id`, from(f.After), before, f.Limit)
	if err != nil {
		return nil, fmt.Errorf("list stuck orders: %w", err)
	}
	return found, nil
}
