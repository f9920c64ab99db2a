package sqlstore

import (
	"context"
	"database/sql"
	"fmt"

	"orderly/internal/audit"
)

// Audit emits all payments by order, from one snapshot. It ends with emit's
// first error.
func (s *Store) Audit(ctx context.Context, emit func(audit.Line) error) error {
	err := s.db.InReadTx(ctx, func(tx *sql.Tx) error {
		if err := s.auditHead(ctx, tx, emit); err != nil {
			return err
		}
		return auditPayments(ctx, tx, emit)
	})
	if err != nil {
		return fmt.Errorf("audit payments: %w", err)
	}
	return nil
}

// auditHead emits the head once the snapshot is there: not every database
// takes it before the first look at a table.
func (s *Store) auditHead(ctx context.Context, tx *sql.Tx, emit func(audit.Line) error) error {
	var some bool
	if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM payments)").Scan(&some); err != nil {
		return err
	}
	now, err := s.db.Dialect().Now(ctx, tx)
	if err != nil {
		return err
	}
	return emit(audit.Line{Head: &audit.Head{At: now}})
}

func auditPayments(ctx context.Context, tx *sql.Tx, emit func(audit.Line) error) error {
	rows, err := tx.QueryContext(ctx, "SELECT "+paymentFields+" FROM payments ORDER BY order_id")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		p, err := scan(rows.Scan)
		if err != nil {
			return err
		}
		line := audit.Line{Payment: &audit.Payment{
			OrderID:     p.OrderID,
			State:       string(p.State),
			Currency:    p.Currency,
			AmountMinor: p.AmountMinor,
			ChargeID:    p.ChargeID,
			UpdatedAt:   p.UpdatedAt,
		}}
		if err := emit(line); err != nil {
			return err
		}
	}
	return rows.Err()
}
