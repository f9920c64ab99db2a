package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// books is what a peer has written down, in the words of the alternatives.
type books struct {
	orders       map[string]string // id to pending, confirmed or cancelled
	reservations map[string]string // order to reserved, rejected or released
	payments     map[string]string // order to completed or failed
	items        map[string]string // order to what is reserved, as JSON
	stock        []stock
}

type stock struct {
	Product                      string
	Initial, Available, Reserved int64
}

// ledger is where books lie: a query with its database for each.
type ledger struct {
	orders, reservations, payments, items, stock query
}

type query struct{ database, sql string }

// ledgerOf says where a peer keeps its books.
func ledgerOf(p peer) ledger {
	if p.kind == product {
		return ledger{
			orders:       query{"orderly_order", `SELECT id::text, CASE status WHEN 'reserved' THEN 'pending' ELSE status END FROM orders`},
			reservations: query{"orderly_inventory", `SELECT order_id::text, CASE state WHEN 'committed' THEN 'reserved' ELSE state END FROM reservations`},
			payments:     query{"orderly_payment", `SELECT order_id::text, CASE state WHEN 'captured' THEN 'completed' ELSE state END FROM payments`},
			items:        query{"orderly_inventory", `SELECT order_id::text, lines FROM reservation_lines`},
			stock:        query{"orderly_inventory", `SELECT id, CASE id WHEN 'SKU-OOS' THEN 0 ELSE 1000000000 END::bigint, available, reserved + sold FROM products`},
		}
	}
	return ledger{
		orders:       query{database, `SELECT id::text, status FROM orders.bench`},
		reservations: query{database, `SELECT order_id::text, status FROM inventory.reservations`},
		payments:     query{database, `SELECT order_id::text, status FROM payments.payments`},
		items:        query{database, `SELECT order_id::text, items::text FROM inventory.reservations`},
		stock:        query{database, `SELECT product_id, initial, available, reserved FROM inventory.stock`},
	}
}

func (b *bench) readBooks(ctx context.Context, l ledger) (out books, err error) {
	for _, part := range []struct {
		query
		into *map[string]string
	}{{l.orders, &out.orders}, {l.reservations, &out.reservations}, {l.payments, &out.payments}, {l.items, &out.items}} {
		if *part.into, err = b.pairs(ctx, part.query); err != nil {
			return out, err
		}
	}
	out.stock, err = collect(ctx, b, l.stock, pgx.RowToStructByPos[stock])
	return out, err
}

func (b *bench) pairs(ctx context.Context, q query) (map[string]string, error) {
	list, err := collect(ctx, b, q, pgx.RowToStructByPos[struct{ Key, Value string }])
	out := make(map[string]string, len(list))
	for _, p := range list {
		out[p.Key] = p.Value
	}
	return out, err
}

func collect[T any](ctx context.Context, b *bench, q query, row pgx.RowToFunc[T]) ([]T, error) {
	conn, err := pgx.Connect(ctx, b.dsn(q.database))
	if err != nil {
		return nil, err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, q.sql)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, row)
}

// checkBooks holds what was written against what was accepted.
func (b *bench) checkBooks(ctx context.Context, p peer, m measured) error {
	if p.kind == product {
		if err := b.checkClosed(ctx); err != nil {
			return err
		}
	}
	have, err := b.readBooks(ctx, ledgerOf(p))
	if err != nil {
		return fmt.Errorf("read the books: %w", err)
	}
	accepted, unknown := m.orders()
	if n := int64(len(have.orders)); n < accepted || n > accepted+unknown {
		return fmt.Errorf("books: %d orders were accepted, %d are stored", accepted, n)
	}
	if err := have.check(); err != nil {
		return fmt.Errorf("books: %w", err)
	}
	return nil
}

// checkClosed wants nothing left open or buried in Orderly.
func (b *bench) checkClosed(ctx context.Context) error {
	for _, q := range []query{
		{"orderly_order", `SELECT count(*) FROM open_orders`},
		{"orderly_order", `SELECT count(*) FROM engine_dead_letters`},
		{"orderly_inventory", `SELECT count(*) FROM engine_dead_letters`},
		{"orderly_payment", `SELECT count(*) FROM engine_dead_letters`},
	} {
		n, err := collect(ctx, b, q, pgx.RowTo[int64])
		if err != nil {
			return err
		}
		if n[0] != 0 {
			return fmt.Errorf("%s: %s is %d", q.database, q.sql, n[0])
		}
	}
	return nil
}

// check wants every order ended in one of three ways, and the stock to agree.
func (k books) check() error {
	for id, status := range k.orders {
		end := [3]string{status, k.reservations[id], k.payments[id]}
		switch end {
		case [3]string{"confirmed", "reserved", "completed"},
			[3]string{"cancelled", "released", "failed"},
			[3]string{"cancelled", "rejected", ""}:
		default:
			return fmt.Errorf("order %s, its reservation and its payment are %q", id, end)
		}
	}
	if len(k.reservations) != len(k.orders) || len(k.payments) > len(k.orders) {
		return fmt.Errorf("%d orders have %d reservations and %d payments", len(k.orders), len(k.reservations), len(k.payments))
	}
	held, err := k.held()
	if err != nil {
		return err
	}
	for _, s := range k.stock {
		if s.Available < 0 || s.Available+s.Reserved != s.Initial || s.Reserved != held[s.Product] {
			return fmt.Errorf("stock %+v, of which orders hold %d", s, held[s.Product])
		}
	}
	return nil
}

// held is what reservations hold of each product.
func (k books) held() (map[string]int64, error) {
	held := map[string]int64{}
	for id, status := range k.reservations {
		if status != "reserved" {
			continue
		}
		var items []struct {
			ProductID string `json:"product_id"`
			Quantity  int64  `json:"quantity"`
		}
		if err := json.Unmarshal([]byte(k.items[id]), &items); err != nil {
			return nil, fmt.Errorf("items of order %s: %w", id, err)
		}
		for _, it := range items {
			held[it.ProductID] += it.Quantity
		}
	}
	return held, nil
}
