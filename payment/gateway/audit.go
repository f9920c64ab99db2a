package gateway

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"orderly/payment"
	"orderly/pkg/sqldb"
)

// Entry is one charge in the ledger. RefundedMinor is the sum of its refunds in Currency's minor units, At
// the time it was made (UTC).
type Entry struct {
	OrderID       string
	Key           string
	ChargeID      string
	Status        payment.ChargeStatus
	Code          string
	Currency      string
	AmountMinor   int64
	RefundedMinor int64
	Method        string
	At            time.Time
}

// Counts are the numbers of entries in the ledger.
type Counts struct {
	Captured int64
	Declined int64
	Voided   int64
	Refunds  int64
}

const selectEntries = `SELECT c.order_id, c.key, c.id, c.status, c.code, c.currency, c.amount_minor,
		(SELECT COALESCE(CAST(SUM(r.amount_minor) AS BIGINT), 0) FROM gateway_refunds r
			WHERE r.order_id = c.order_id AND r.charge_id = c.id),
		c.method, c.created_at
	FROM gateway_charges c`

const (
	allEntries   = selectEntries + entryOrder
	orderEntries = selectEntries + " WHERE c.order_id = $1" + entryOrder

	entryOrder = " ORDER BY c.order_id, c.created_at, c.id"
)

// Ledger calls fn for every charge, ordered by order id (bytewise), then by age: one consistent state of the
// ledger, streamed, whatever goes on meanwhile. It ends with the first error of fn and returns it as it is.
// Settings do not touch it: an audit sees the ledger during an outage too.
func (s *Simulated) Ledger(ctx context.Context, fn func(Entry) error) error {
	return s.ledger.entries(ctx, "", fn)
}

// OrderLedger returns the charges of one order, the oldest first; none is not an error.
func (s *Simulated) OrderLedger(ctx context.Context, orderID string) ([]Entry, error) {
	var found []Entry
	err := s.ledger.entries(ctx, orderID, func(e Entry) error {
		found = append(found, e)
		return nil
	})
	return found, err
}

// Counts counts the ledger's entries.
func (s *Simulated) Counts(ctx context.Context) (Counts, error) { return s.ledger.counts(ctx) }

func (l sqlLedger) counts(ctx context.Context) (Counts, error) {
	var c Counts
	err := l.db.Reader().QueryRowContext(ctx, `SELECT
			(SELECT COUNT(*) FROM gateway_charges WHERE status = $1),
			(SELECT COUNT(*) FROM gateway_charges WHERE status = $2),
			(SELECT COUNT(*) FROM gateway_charges WHERE status = $3),
			(SELECT COUNT(*) FROM gateway_refunds)`,
		string(payment.ChargeCaptured), string(payment.ChargeDeclined), string(payment.ChargeVoided),
	).Scan(&c.Captured, &c.Declined, &c.Voided, &c.Refunds)
	if err != nil {
		return Counts{}, fmt.Errorf("count the payment gateway's ledger: %w", err)
	}
	return c, nil
}

// find returns the oldest captured charge of an order, else its latest.
func find(ctx context.Context, l ledger, orderID string) (found payment.Charge, ok bool, err error) {
	err = l.entries(ctx, orderID, func(e Entry) error {
		if found.Status != payment.ChargeCaptured {
			found, ok = e.charge(), true
		}
		return nil
	})
	return found, ok, err
}

func (e Entry) charge() payment.Charge {
	return payment.Charge{
		ID: e.ChargeID, OrderID: e.OrderID, Currency: e.Currency, AmountMinor: e.AmountMinor,
		RefundedMinor: e.RefundedMinor, Status: e.Status, Code: e.Code,
	}
}

func (l sqlLedger) entries(ctx context.Context, orderID string, fn func(Entry) error) error {
	query, args := allEntries, []any(nil)
	if orderID != "" {
		query, args = orderEntries, []any{orderID}
	}
	return l.db.InReadTx(ctx, func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, query, args...)
		if err != nil {
			return fmt.Errorf("read the payment gateway's ledger: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			e, err := scanEntry(rows)
			if err != nil {
				return err
			}
			if err := fn(e); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

func scanEntry(s sqldb.Row) (Entry, error) {
	var e Entry
	err := s.Scan(&e.OrderID, &e.Key, &e.ChargeID, &e.Status, &e.Code, &e.Currency, &e.AmountMinor,
		&e.RefundedMinor, &e.Method, sqldb.ScanTime(&e.At))
	return e, err
}
