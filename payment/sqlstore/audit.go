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
		if err := audit.EmitHead(ctx, s.db, tx, "payments", emit); err != nil {
			return err
		}
		return auditPayments(ctx, tx, emit)
	})
	if err != nil {
		return fmt.Errorf("audit payments: %w", err)
	}
	return nil
}

func auditPayments(ctx context.Context, tx *sql.Tx, emit func(audit.Line) error) error {
	rows, err := tx.QueryContext(ctx, "SELECT "+paymentFields+" FROM payments ORDER BY order_id")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		p, err := scan(rows)
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
