package sqlstore

import (
	"context"
	"database/sql"
	"fmt"

	"orderly/internal/audit"
	"orderly/pkg/sqldb"
)

// auditPage is how many orders are read at a time, with their histories.
const auditPage = 256

const auditOrders = `SELECT orders.id, customer_id, currency, status, reason, total_minor, priced, stock_settled, payment_settled,
		created_at, updated_at, deadline, entries,
		(SELECT CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM order_credits c WHERE c.order_id = orders.id),
		EXISTS (SELECT 1 FROM open_orders o WHERE o.id = orders.id),
		EXISTS (SELECT 1 FROM ended_orders e WHERE e.status = 'confirmed' AND e.id = orders.id),
		EXISTS (SELECT 1 FROM ended_orders e WHERE e.status = 'cancelled' AND e.id = orders.id)
	FROM orders WHERE orders.id > $1 ORDER BY orders.id LIMIT $2`

const auditHistory = `SELECT order_id, n, id, name, version, at, cause, data FROM order_events
	WHERE order_id > $1 AND order_id <= $2 ORDER BY order_id, n`

const auditKeys = `SELECT k.id, k.order_id, orders.id IS NOT NULL, COALESCE(orders.customer_id, '')
	FROM idempotency_keys k LEFT JOIN orders ON orders.id = k.order_id ORDER BY k.order_id, k.id`

const auditStrays = `SELECT 'order_events', order_id FROM (SELECT DISTINCT order_id FROM order_events) h
		WHERE NOT EXISTS (SELECT 1 FROM orders WHERE orders.id = h.order_id)
	UNION ALL SELECT 'open_orders', o.id FROM open_orders o
		WHERE NOT EXISTS (SELECT 1 FROM orders WHERE orders.id = o.id)
	UNION ALL SELECT 'ended_orders', e.id FROM ended_orders e
		WHERE NOT EXISTS (SELECT 1 FROM orders WHERE orders.id = e.id)
	UNION ALL SELECT 'order_credits', c.order_id FROM (SELECT DISTINCT order_id FROM order_credits) c
		WHERE NOT EXISTS (SELECT 1 FROM orders WHERE orders.id = c.order_id)
	UNION ALL SELECT 'order_actions', a.order_id FROM (SELECT DISTINCT order_id FROM order_actions) a
		WHERE NOT EXISTS (SELECT 1 FROM orders WHERE orders.id = a.order_id)`

// Audit emits all that is stored, from one snapshot: the orders by id, then the
// idempotency keys by order, then what belongs to no order. It ends with emit's
// first error.
func (s *Store) Audit(ctx context.Context, emit func(audit.Line) error) error {
	err := s.db.InReadTx(ctx, func(tx *sql.Tx) error {
		if err := audit.EmitHead(ctx, s.db, tx, "orders", emit); err != nil {
			return err
		}
		if err := s.auditPages(ctx, tx, emit); err != nil {
			return err
		}
		if err := audit.EmitRows(ctx, tx, emit, scanKey, auditKeys); err != nil {
			return err
		}
		return audit.EmitRows(ctx, tx, emit, scanStray, auditStrays)
	})
	if err != nil {
		return fmt.Errorf("audit orders: %w", err)
	}
	return nil
}

// AuditOpen emits the orders that are not closed, by id, from one snapshot.
func (s *Store) AuditOpen(ctx context.Context, emit func(audit.Line) error) error {
	err := s.db.InReadTx(ctx, func(tx *sql.Tx) error {
		if err := audit.EmitHead(ctx, s.db, tx, "orders", emit); err != nil {
			return err
		}
		return audit.EmitRows(ctx, tx, emit, scanOpen, "SELECT id FROM open_orders ORDER BY id")
	})
	if err != nil {
		return fmt.Errorf("audit open orders: %w", err)
	}
	return nil
}

func (s *Store) auditPages(ctx context.Context, tx *sql.Tx, emit func(audit.Line) error) error {
	for after := firstID; ; {
		page, err := s.orderPage(ctx, tx, after)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, o := range page {
			if err := emit(audit.Line{Order: o}); err != nil {
				return err
			}
		}
		after = page[len(page)-1].ID
	}
}

// orderPage reads the orders after an id, then their histories: on one
// connection there is one query at a time.
func (s *Store) orderPage(ctx context.Context, tx *sql.Tx, after string) ([]*audit.Order, error) {
	var page []*audit.Order
	byID := make(map[string]*audit.Order, auditPage)
	err := audit.EmitRows(ctx, tx, func(l audit.Line) error {
		page = append(page, l.Order)
		byID[l.Order.ID] = l.Order
		return nil
	}, scanOrder, auditOrders, after, auditPage)
	if err != nil || len(page) == 0 {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, auditHistory, after, page[len(page)-1].ID)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		var e audit.Entry
		if err := rows.Scan(&id, &e.N, &e.ID, &e.Name, &e.Version, sqldb.ScanTime(&e.At), &e.Cause, &e.Data); err != nil {
			return nil, err
		}
		if o := byID[id]; o != nil {
			var data []byte
			e.Version, data = s.told(e.Name, e.Version, []byte(e.Data))
			e.Data = string(data)
			o.History = append(o.History, e)
		}
	}
	return page, rows.Err()
}

func scanOrder(rows *sql.Rows) (audit.Line, error) {
	var o audit.Order
	err := rows.Scan(&o.ID, &o.CustomerID, &o.Currency, &o.Status, &o.Reason, &o.TotalMinor, &o.Priced, &o.StockSettled, &o.PaymentSettled,
		sqldb.ScanTime(&o.CreatedAt), sqldb.ScanTime(&o.UpdatedAt), sqldb.ScanTime(&o.Deadline), &o.Entries, &o.CreditedMinor,
		&o.ListedOpen, &o.ListedConfirmed, &o.ListedCancelled)
	return audit.Line{Order: &o}, err
}

func scanKey(rows *sql.Rows) (audit.Line, error) {
	var k audit.Key
	err := rows.Scan(&k.ID, &k.OrderID, &k.Known, &k.CustomerID)
	return audit.Line{Key: &k}, err
}

func scanOpen(rows *sql.Rows) (audit.Line, error) {
	var o audit.Open
	err := rows.Scan(&o.OrderID)
	return audit.Line{Open: &o}, err
}

func scanStray(rows *sql.Rows) (audit.Line, error) {
	var s audit.Stray
	err := rows.Scan(&s.Table, &s.Of)
	return audit.Line{Stray: &s}, err
}
