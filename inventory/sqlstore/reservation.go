package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"orderly/inventory"
	"orderly/pkg/sqldb"
)

// Reservation returns what is held for one order, without its lines.
func (s *Store) Reservation(ctx context.Context, orderID string) (inventory.Reservation, error) {
	r := inventory.Reservation{OrderID: orderID}
	err := s.db.Reader().QueryRowContext(ctx, "SELECT state, currency, total_minor, reason, product_id, updated_at FROM reservations WHERE order_id = $1", orderID).
		Scan(&r.State, &r.Currency, &r.TotalMinor, &r.Reason, &r.ProductID, sqldb.ScanTime(&r.UpdatedAt))
	if errors.Is(err, sql.ErrNoRows) {
		return r, fmt.Errorf("order %s: %w", orderID, inventory.ErrNoReservation)
	}
	if err != nil {
		return r, fmt.Errorf("reservation of order %s: %w", orderID, err)
	}
	return r, nil
}
