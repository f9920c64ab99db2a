package sqlstore

import (
	"context"
	"fmt"

	"orderly/inventory"
)

// Levels counts the products by how much of them is left.
func (s *Store) Levels(ctx context.Context) (map[inventory.Level]int, error) {
	rows, err := s.db.Reader().QueryContext(ctx, `SELECT CASE WHEN available <= 0 THEN 'none' WHEN available <= $1 THEN 'low' ELSE 'enough' END AS level, count(*)
		FROM products GROUP BY level`, inventory.LowStock)
	if err != nil {
		return nil, fmt.Errorf("count products: %w", err)
	}
	defer rows.Close()
	found := make(map[inventory.Level]int)
	for rows.Next() {
		var level inventory.Level
		var n int
		if err := rows.Scan(&level, &n); err != nil {
			return nil, fmt.Errorf("count products: %w", err)
		}
		found[level] = n
	}
	return found, rows.Err()
}
