package sqlstore

import (
	"context"
	"database/sql"
	"fmt"

	"orderly/internal/audit"
)

const auditReservations = `SELECT r.order_id, state, currency, total_minor, reason, product_id, updated_at, lines
	FROM reservations r LEFT JOIN reservation_lines l ON l.order_id = r.order_id ORDER BY r.order_id`

const auditProducts = `SELECT p.id, p.on_hand, p.available, p.reserved, p.sold, COALESCE(a.total, 0)
	FROM products p LEFT JOIN (
		SELECT product_id, CAST(SUM(delta) AS bigint) AS total FROM adjustments GROUP BY product_id
	) a ON a.product_id = p.id ORDER BY p.id`

const auditStrayLines = `SELECT order_id FROM reservation_lines l
	WHERE NOT EXISTS (SELECT 1 FROM reservations r WHERE r.order_id = l.order_id)`

const auditStrayAdjustments = `SELECT DISTINCT product_id FROM adjustments a
	WHERE NOT EXISTS (SELECT 1 FROM products p WHERE p.id = a.product_id)`

// Audit emits all that is stored, from one snapshot: the reservations by order,
// then the products by id with the sum of their adjustments, then what belongs
// to no reservation or product. It ends with emit's first error.
func (s *Store) Audit(ctx context.Context, emit func(audit.Line) error) error {
	err := s.db.InReadTx(ctx, func(tx *sql.Tx) error {
		if err := audit.EmitHead(ctx, s.db, tx, "reservations", emit); err != nil {
			return err
		}
		if err := audit.EmitRows(ctx, tx, emit, scanReserved, auditReservations); err != nil {
			return err
		}
		if err := audit.EmitRows(ctx, tx, emit, scanStock, auditProducts); err != nil {
			return err
		}
		if err := audit.EmitRows(ctx, tx, emit, scanStray("reservation_lines"), auditStrayLines); err != nil {
			return err
		}
		return audit.EmitRows(ctx, tx, emit, scanStray("adjustments"), auditStrayAdjustments)
	})
	if err != nil {
		return fmt.Errorf("audit inventory: %w", err)
	}
	return nil
}

func scanReserved(rows *sql.Rows) (audit.Line, error) {
	r, err := scanReservation(rows)
	if err != nil {
		return audit.Line{}, err
	}
	out := &audit.Reservation{OrderID: r.OrderID, State: string(r.State), Currency: r.Currency, TotalMinor: r.TotalMinor, UpdatedAt: r.UpdatedAt}
	for _, l := range r.Lines {
		out.Lines = append(out.Lines, audit.Units(l))
	}
	return audit.Line{Reservation: out}, nil
}

func scanStock(rows *sql.Rows) (audit.Line, error) {
	var p audit.Product
	err := rows.Scan(&p.ID, &p.OnHand, &p.Available, &p.Reserved, &p.Sold, &p.Adjusted)
	return audit.Line{Product: &p}, err
}

func scanStray(table string) func(*sql.Rows) (audit.Line, error) {
	return func(rows *sql.Rows) (audit.Line, error) {
		s := audit.Stray{Table: table}
		err := rows.Scan(&s.Of)
		return audit.Line{Stray: &s}, err
	}
}
