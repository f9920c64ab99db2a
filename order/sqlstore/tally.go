package sqlstore

import (
	"context"
	"fmt"
	"strings"
	"time"

	"orderly/order"
	"orderly/pkg/sqldb"
)

// tallyLimit bounds what a tally looks at: where more orders are open, it is of the
// oldest.
const tallyLimit = 20_000

// Tally counts the open orders by status and lane, with how old the oldest are, by
// the database's clock. It counts up to 20,000, the oldest of them. Each row is
// found by its key: a join would be free to read all orders instead.
func (s *Store) Tally(ctx context.Context) ([]order.Tally, error) {
	now, err := s.db.Now(ctx)
	if err != nil {
		return nil, fmt.Errorf("count open orders: %w", err)
	}
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT
		(SELECT status || ' ' || lane || ' ' || created_at || ' ' || updated_at FROM orders WHERE orders.id = open_orders.id)
		FROM open_orders ORDER BY id LIMIT $1`, tallyLimit)
	if err != nil {
		return nil, fmt.Errorf("count open orders: %w", err)
	}
	defer rows.Close()
	type key struct{ status, lane string }
	index := make(map[key]int)
	var found []order.Tally
	for rows.Next() {
		var text string
		var created, updated int64
		if err := rows.Scan(&text); err != nil {
			return nil, fmt.Errorf("count open orders: %w", err)
		}
		var k key
		if _, err := fmt.Fscan(strings.NewReader(text), &k.status, &k.lane, &created, &updated); err != nil {
			return nil, fmt.Errorf("count open orders: %q: %w", text, err)
		}
		i, known := index[k]
		if !known {
			i, index[k] = len(found), len(found)
			found = append(found, order.Tally{Status: order.Status(k.status), Lane: k.lane})
		}
		found[i].Count++
		found[i].Oldest = max(found[i].Oldest, age(now, created))
		found[i].Still = max(found[i].Still, age(now, updated))
	}
	return found, rows.Err()
}

func age(now time.Time, micros int64) time.Duration {
	return time.Duration(sqldb.Micros(now)-micros) * time.Microsecond
}
