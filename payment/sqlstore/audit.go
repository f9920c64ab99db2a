package sqlstore

import (
	"context"
	"database/sql"
	"fmt"

	"orderly/internal/audit"
	"orderly/pkg/sqldb"
)

const auditQuery = "SELECT " + paymentFields + `, COALESCE(given, 0), COALESCE(pending, 0)
	FROM payments LEFT JOIN (SELECT order_id AS credited,
			CAST(SUM(CASE state WHEN 'given' THEN amount_minor ELSE 0 END) AS BIGINT) AS given,
			CAST(SUM(CASE state WHEN 'pending' THEN amount_minor ELSE 0 END) AS BIGINT) AS pending
		FROM credits GROUP BY order_id) sums ON credited = order_id
	ORDER BY order_id`

const auditStrays = `SELECT order_id FROM credits
	WHERE NOT EXISTS (SELECT 1 FROM payments WHERE payments.order_id = credits.order_id)`

// Audit emits all payments by order, with what was credited, from one snapshot,
// then the credits of no payment. It ends with emit's first error.
func (s *Store) Audit(ctx context.Context, emit func(audit.Line) error) error {
	err := s.db.InReadTx(ctx, func(tx *sql.Tx) error {
		if err := audit.EmitHead(ctx, s.db, tx, "payments", emit); err != nil {
			return err
		}
		if err := auditPayments(ctx, tx, emit); err != nil {
			return err
		}
		return audit.EmitRows(ctx, tx, emit, scanStray, auditStrays)
	})
	if err != nil {
		return fmt.Errorf("audit payments: %w", err)
	}
	return nil
}

func auditPayments(ctx context.Context, tx *sql.Tx, emit func(audit.Line) error) error {
	rows, err := tx.QueryContext(ctx, auditQuery)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var given, pending int64
		p, err := scan(andMore{rows, []any{&given, &pending}})
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

			CreditedMinor:  given,
			CreditingMinor: pending,
		}}
		if err := emit(line); err != nil {
			return err
		}
	}
	return rows.Err()
}

func scanStray(rows *sql.Rows) (audit.Line, error) {
	s := audit.Stray{Table: "credits"}
	err := rows.Scan(&s.Of)
	return audit.Line{Stray: &s}, err
}

// andMore is a row with more columns than its scanner knows.
type andMore struct {
	sqldb.Row
	more []any
}

// Scan scans all columns.
func (a andMore) Scan(dest ...any) error { return a.Row.Scan(append(dest, a.more...)...) }
