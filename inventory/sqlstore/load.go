package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"orderly/events"
	"orderly/inventory"
	"orderly/pkg/engine"
	"orderly/pkg/sqldb"
)

var (
	orderColumn   = sqldb.Column{Name: "order_id", Type: sqldb.UUID}
	idColumn      = sqldb.Column{Name: "id", Type: sqldb.Text}
	lineOfOrder   = sqldb.Column{Name: "r.order_id", Type: sqldb.UUID}
	productFields = "id, name, currency, unit_price_minor, on_hand, available, reserved, sold, updated_at"
)

// keys is what a batch touches; the products of reservations come later.
type keys struct {
	orders      []string
	products    []string
	adjustments []string
}

func keysOf(inputs []*engine.Input) keys {
	var k keys
	for _, in := range inputs {
		switch body := in.Body.(type) {
		case inventory.Put:
			k.products = append(k.products, body.ID)
		case inventory.Adjust:
			k.products = append(k.products, body.ProductID)
			k.adjustments = append(k.adjustments, adjustmentID(body))
		case events.OrderCreatedV2:
			k.orders = append(k.orders, body.OrderID)
			for _, it := range body.Items {
				k.products = append(k.products, it.ProductID)
			}
		case events.Event:
			k.orders = append(k.orders, body.Order())
		}
	}
	k.orders, k.adjustments = sorted(k.orders), sorted(k.adjustments)
	return k
}

func sorted(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}

// adjustmentID is the product and the key: a product's id has no slash.
func adjustmentID(c inventory.Adjust) string { return c.ProductID + "/" + c.IdempotencyKey }

// Load reads and locks what the inputs touch: reservations by order, then
// products by id, the order in which everybody locks.
func (s *Store) Load(ctx context.Context, tx *sqldb.Tx, inputs []*engine.Input) (engine.State, error) {
	k := keysOf(inputs)
	b := newBatch(s)
	if len(k.orders) > 0 {
		b.loadReservations(tx, k.orders)
		if err := tx.Send(ctx); err != nil {
			return nil, err
		}
	}
	for _, r := range b.reservations {
		if r.now.State == inventory.Reserved { // only then may its products change
			for _, l := range r.now.Lines {
				k.products = append(k.products, l.ProductID)
			}
		}
	}
	b.loadProducts(tx, sorted(k.products))
	b.loadAdjustments(tx, k.adjustments)
	return b, tx.Send(ctx)
}

func (b *batch) loadReservations(tx *sqldb.Tx, ids []string) {
	in, arg := b.db.In(lineOfOrder, 1, ids)
	lock := b.db.Lock()
	if lock != "" {
		lock += " OF r"
	}
	tx.Query("load reservations", `SELECT r.order_id, state, currency, total_minor, reason, product_id, updated_at, lines
		FROM reservations r LEFT JOIN reservation_lines l ON l.order_id = r.order_id
		WHERE `+in+` ORDER BY r.order_id`+lock, func(row sqldb.Row) error {
		r, err := scanReservation(row)
		b.reservations[r.OrderID] = &tracked{now: r, stored: true}
		return err
	}, arg)
}

func scanReservation(rows sqldb.Row) (inventory.Reservation, error) {
	var r inventory.Reservation
	var lines sql.NullString
	err := rows.Scan(&r.OrderID, &r.State, &r.Currency, &r.TotalMinor, &r.Reason, &r.ProductID, sqldb.ScanTime(&r.UpdatedAt), &lines)
	if err != nil || !lines.Valid {
		return r, err
	}
	if err := json.Unmarshal([]byte(lines.String), &r.Lines); err != nil {
		return r, fmt.Errorf("lines of order %s: %w", r.OrderID, err)
	}
	return r, nil
}

func (b *batch) loadProducts(tx *sqldb.Tx, ids []string) {
	if len(ids) == 0 {
		return
	}
	in, arg := b.db.In(idColumn, 1, ids)
	tx.Query("load products", "SELECT "+productFields+" FROM products WHERE "+in+" ORDER BY id"+b.db.Lock(), func(row sqldb.Row) error {
		p, err := scanProduct(row)
		b.products[p.ID] = &shelved{now: p, stored: true}
		return err
	}, arg)
}

func scanProduct(rows sqldb.Row) (inventory.Product, error) {
	var p inventory.Product
	err := rows.Scan(&p.ID, &p.Name, &p.Currency, &p.UnitPriceMinor, &p.OnHand, &p.Available, &p.Reserved, &p.Sold, sqldb.ScanTime(&p.UpdatedAt))
	return p, err
}

func (b *batch) loadAdjustments(tx *sqldb.Tx, ids []string) {
	if len(ids) == 0 {
		return
	}
	in, arg := b.db.In(idColumn, 1, ids)
	tx.Query("load adjustments", "SELECT id, product_id, hash, on_hand, available FROM adjustments WHERE "+in, func(row sqldb.Row) error {
		var id string
		var a adjustment
		err := row.Scan(&id, &a.answer.ProductID, &a.command.RequestHash, &a.answer.OnHand, &a.answer.Available)
		b.adjustments[id] = a
		return err
	}, arg)
}
