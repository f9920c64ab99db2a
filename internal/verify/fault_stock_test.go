package verify_test

import (
	"testing"

	"orderly/pkg/sqldb"
)

func stockFaults() []planted {
	product := func(name, rule, statement string) planted {
		return planted{name, "G3", rule, func(t *testing.T, s *shop, _ traded) string {
			against(t, s, statement)
			return mug
		}}
	}
	reservation := func(name, rule, statement string, id func(traded) string) planted {
		return planted{name, "G3", rule, func(t *testing.T, s *shop, tr traded) string {
			change(t, s.inventory, statement, id(tr))
			return id(tr)
		}}
	}
	return []planted{
		product("below zero", "negative_stock", "UPDATE products SET available = -1 WHERE id = 'MUG'"),
		product("on hand is not what is there", "on_hand", "UPDATE products SET on_hand = on_hand + 1 WHERE id = 'MUG'"),
		product("held for nobody", "reserved", "UPDATE products SET reserved = reserved + 1, available = available - 1 WHERE id = 'MUG'"),
		product("sold to nobody", "sold", "UPDATE products SET sold = sold + 1 WHERE id = 'MUG'"),
		product("from nowhere", "adjustments", "UPDATE products SET on_hand = on_hand + 5, available = available + 5 WHERE id = 'MUG'"),
		product("sold and gone", "unknown_product", "DELETE FROM products WHERE id = 'MUG'"),
		product("delivered and gone", "stray_row", "DELETE FROM products WHERE id = 'MUG'"),
		reservation("confirmed and not sold", "confirmed_not_sold", "UPDATE reservations SET state = 'reserved' WHERE order_id = $1",
			func(tr traded) string { return tr.confirmed[0] }),
		reservation("confirmed and unknown", "confirmed_not_sold", "DELETE FROM reservations WHERE order_id = $1",
			func(tr traded) string { return tr.confirmed[1] }),
		reservation("sold for another total", "confirmed_not_sold", "UPDATE reservations SET total_minor = 1 WHERE order_id = $1",
			func(tr traded) string { return tr.confirmed[2] }),
		reservation("cancelled and still held", "cancelled_holds_stock", "UPDATE reservations SET state = 'reserved' WHERE order_id = $1",
			func(tr traded) string { return tr.refunded[0] }),
		reservation("sold before it was confirmed", "sold_not_confirmed", "UPDATE reservations SET state = 'committed' WHERE order_id = $1",
			func(tr traded) string { return tr.open }),
		reservation("lines of another total", "lines_total", `UPDATE reservation_lines SET lines = '[{"product_id":"MUG","quantity":2,"unit_price_minor":1}]' WHERE order_id = $1`,
			func(tr traded) string { return tr.open }),
		reservation("no lines", "lines_missing", "DELETE FROM reservation_lines WHERE order_id = $1",
			func(tr traded) string { return tr.given[0] }),
		reservation("lines of nothing", "stray_row", "INSERT INTO reservation_lines VALUES ($1, '[]')",
			func(traded) string { return nobody }),
		reservation("held for nobody", "unknown_order", "INSERT INTO reservations VALUES ($1, 'reserved', 'EUR', 0, '', '', 1)",
			func(traded) string { return nobody }),
	}
}

// against changes products against the database's own checks.
func against(t *testing.T, s *shop, statement string) {
	t.Helper()
	ok(t, s.inventory.InTx(t.Context(), func(tx *sqldb.Tx) error {
		tx.Exec("allow anything", "PRAGMA ignore_check_constraints = 1")
		return nil
	}))
	change(t, s.inventory, statement)
}

func keyFaults() []planted {
	return []planted{
		{"a key of no order", "G4", "key_of_nothing", func(t *testing.T, s *shop, _ traded) string {
			change(t, s.orders, "INSERT INTO idempotency_keys VALUES ('anna/x', '', $1, 1)", nobody)
			return nobody
		}},
		{"two keys of one order", "G4", "two_keys", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.orders, "INSERT INTO idempotency_keys VALUES ('anna/x', '', $1, 1)", tr.confirmed[0])
			return tr.confirmed[0]
		}},
		{"a key of somebody else", "G4", "foreign_key", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.orders, "INSERT INTO idempotency_keys VALUES ('bert/x', '', $1, 1)", tr.declined[0])
			return tr.declined[0]
		}},
	}
}
