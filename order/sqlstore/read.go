package sqlstore

import (
	"context"
	"database/sql"
	"fmt"

	"orderly/events"
	"orderly/order"
	"orderly/pkg/sqldb"
)

// Get returns one order.
func (s *Store) Get(ctx context.Context, id string) (order.View, error) {
	found, err := s.query(ctx, "SELECT "+orderFields+" FROM orders WHERE id = $1", id)
	if err != nil {
		return order.View{}, fmt.Errorf("get order %s: %w", id, err)
	}
	if len(found) == 0 {
		return order.View{}, fmt.Errorf("order %s: %w", id, order.ErrNotFound)
	}
	view := order.View{Order: found[0]}
	entries, err := s.entries(ctx, id, "AND name IN ('"+events.NameOrderCreated+"', '"+events.NameInventoryReserved+"')")
	if err != nil {
		return order.View{}, err
	}
	for _, e := range entries {
		payload, err := s.decode(e)
		if err != nil {
			return order.View{}, fmt.Errorf("get order %s: %w", id, err)
		}
		switch p := payload.(type) {
		case events.OrderCreated:
			if view.Request, err = s.request(e); err != nil {
				return order.View{}, fmt.Errorf("get order %s: %w", id, err)
			}
		case events.InventoryReserved:
			view.Lines = p.Items
		}
	}
	return view, nil
}

// List returns a page of orders, the newest first. Each kind of filter has an
// index that it walks backwards, so that a page costs the same however many
// orders there are.
func (s *Store) List(ctx context.Context, f order.Filter) ([]order.Order, error) {
	from, where, args := "orders", "1 = 1", []any{}
	and := func(condition string, arg any) {
		args = append(args, arg)
		where += fmt.Sprintf(" AND "+condition, len(args))
	}
	key := "orders.id"
	switch {
	case f.CustomerID != "":
		and("customer_id = $%d", f.CustomerID)
		if f.Status != "" {
			and("orders.status = $%d", string(f.Status))
		}
	case f.Status == order.Confirmed || f.Status == order.Cancelled:
		from, key = "ended_orders e JOIN orders ON orders.id = e.id", "e.id"
		and("e.status = $%d", string(f.Status))
	case f.Status != "":
		from, key = "open_orders o JOIN orders ON orders.id = o.id", "o.id"
		and("orders.status = $%d", string(f.Status))
	}
	if f.Before != "" {
		and(key+" < $%d", f.Before)
	}
	args = append(args, f.Limit)
	query := fmt.Sprintf("SELECT %s FROM %s WHERE %s ORDER BY %s DESC LIMIT $%d", orderFields, from, where, key, len(args))
	orders, err := s.query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list orders: %w", err)
	}
	return orders, nil
}

func (s *Store) query(ctx context.Context, query string, args ...any) ([]order.Order, error) {
	rows, err := s.db.Reader().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var orders []order.Order
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, err
		}
		orders = append(orders, r.Order)
	}
	return orders, rows.Err()
}

// History returns what happened to an order.
func (s *Store) History(ctx context.Context, id string) ([]order.Entry, error) {
	entries, err := s.entries(ctx, id, "")
	if err == nil && len(entries) == 0 {
		return nil, fmt.Errorf("order %s: %w", id, order.ErrNotFound)
	}
	return entries, err
}

func (s *Store) entries(ctx context.Context, id, and string) ([]order.Entry, error) {
	rows, err := s.db.Reader().QueryContext(ctx, "SELECT id, name, version, at, cause, data FROM order_events WHERE order_id = $1 "+and+" ORDER BY n", id)
	if err != nil {
		return nil, fmt.Errorf("history of order %s: %w", id, err)
	}
	defer rows.Close()
	var entries []order.Entry
	for rows.Next() {
		e, err := scanEntry(rows)
		if err != nil {
			return nil, fmt.Errorf("history of order %s: %w", id, err)
		}
		entries = append(entries, e)
	}
	return entries, rows.Err()
}

func scanEntry(rows *sql.Rows) (order.Entry, error) {
	var e order.Entry
	err := rows.Scan(&e.ID, &e.Name, &e.Version, sqldb.ScanTime(&e.At), &e.Cause, (*[]byte)(&e.Data))
	return e, err
}
