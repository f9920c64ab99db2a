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
		case events.OrderCreatedV2:
			view.Request = order.RequestOf(p)
		case events.InventoryReserved:
			view.Lines = p.Items
		}
	}
	view.Credits, err = s.credits(ctx, id)
	return view, err
}

// List returns a page of orders, the newest first. It walks an index backwards
// until the page is full, so that it costs the same however many orders there
// are. Only an open status, and a status of one customer, are looked for among
// all that are open, or the customer's.
func (s *Store) List(ctx context.Context, f order.Filter) ([]order.Order, error) {
	query, args := listQuery(f)
	orders, err := s.query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("list orders: %w", err)
	}
	return orders, nil
}

// listQuery finds a page by status in the small tables first: a join would be
// free to read all orders instead.
func listQuery(f order.Filter) (query string, args []any) {
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	page := func(from, column string, value any) string {
		q := "SELECT id FROM " + from + " WHERE " + column + " = " + arg(value)
		if f.Before != "" {
			q += " AND id < " + arg(f.Before)
		}
		return q + " ORDER BY id DESC LIMIT " + arg(f.Limit)
	}
	from, where := "orders", ""
	switch {
	case f.CustomerID != "":
		where = " AND customer_id = " + arg(f.CustomerID)
		if f.Status != "" {
			where += " AND orders.status = " + arg(f.Status)
		}
	case f.Status == order.Confirmed || f.Status == order.Cancelled:
		from = "(" + page("ended_orders", "status", f.Status) + ") page JOIN orders ON orders.id = page.id"
	case f.Status != "":
		const status = "(SELECT status FROM orders WHERE orders.id = open_orders.id)"
		from = "(" + page("open_orders", status, f.Status) + ") page JOIN orders ON orders.id = page.id"
	}
	if f.Before != "" {
		where += " AND orders.id < " + arg(f.Before)
	}
	return "SELECT " + orderFields + " FROM " + from + " WHERE true" + where + " ORDER BY orders.id DESC LIMIT " + arg(f.Limit), args
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
	for i := range entries {
		e := &entries[i]
		e.Version, e.Data = s.told(e.Name, e.Version, e.Data)
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
