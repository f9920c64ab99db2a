package verify_test

import (
	"slices"
	"testing"

	"orderly/internal/verify"
)

// planted is one fault that somebody made behind the services' backs, and what
// an audit must say of it.
type planted struct {
	name    string
	promise verify.Promise
	rule    string
	// plant makes the fault and returns the order or product that it is of.
	plant func(t *testing.T, s *shop, tr traded) (subject string)
}

// G1 to G5: each fault is found in a copy of one and the same shop, by the rule
// for it and with the order or product named, and no order that has nothing to
// do with it is accused.
func TestRun_finds_what_is_wrong(t *testing.T) {
	t.Parallel()
	original := t.TempDir()
	s := openShop(t, original, inFiles(original))
	s.start(t)
	tr := trade(t, s)
	s.close(t)
	for _, p := range slices.Concat(orderFaults(), historyFaults(), moneyFaults(), stockFaults(), keyFaults(), eventFaults()) {
		t.Run(string(p.promise)+"/"+p.name, func(t *testing.T) {
			t.Parallel()
			dir := copyTree(t, original)
			s := openShop(t, dir, inFiles(dir))
			subject := p.plant(t, s, tr)
			found := s.audit(t, verify.Options{}).Findings
			if !slices.ContainsFunc(found, func(f verify.Finding) bool {
				return f.Promise == p.promise && f.Rule == p.rule && (f.OrderID == subject || f.ProductID == subject) && f.Detail != ""
			}) {
				t.Errorf("%s %s of %s was not found, but %v", p.promise, p.rule, subject, found)
			}
			for _, f := range found {
				if f.OrderID != "" && f.OrderID != subject {
					t.Errorf("%s is accused for what was done to %s: %s", f.OrderID, subject, f)
				}
			}
		})
	}
}

func orderFaults() []planted {
	return []planted{
		{"a second end", "G1", "two_ends", func(t *testing.T, s *shop, tr traded) string {
			id := tr.confirmed[0]
			change(t, s.orders, `INSERT INTO order_events SELECT order_id, 99, 'x', 'orders.cancelled', 1, at, 'request', data
				FROM order_events WHERE order_id = $1 AND name = 'orders.confirmed'`, id)
			return id
		}},
		{"past its deadline", "G1", "overdue", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.orders, "UPDATE orders SET deadline = deadline - 36000000000 WHERE id = $1", tr.open)
			return tr.open
		}},
		{"forgotten by redrive", "G1", "open_list", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.orders, "DELETE FROM open_orders WHERE id = $1", tr.open)
			return tr.open
		}},
		{"closed and driven on", "G1", "open_list", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.orders, "INSERT INTO open_orders VALUES ($1, 0)", tr.rejected[0])
			return tr.rejected[0]
		}},
		{"not listed under its end", "G1", "ended_list", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.orders, "DELETE FROM ended_orders WHERE id = $1", tr.refunded[0])
			return tr.refunded[0]
		}},
		{"listed under both ends", "G1", "ended_list", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.orders, "INSERT INTO ended_orders VALUES ('cancelled', $1)", tr.confirmed[1])
			return tr.confirmed[1]
		}},
		{"no status", "G1", "unknown_status", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.orders, "UPDATE orders SET status = 'lost' WHERE id = $1", tr.confirmed[2])
			return tr.confirmed[2]
		}},
		{"listed and not there", "G1", "stray_row", func(t *testing.T, s *shop, _ traded) string {
			change(t, s.orders, "INSERT INTO open_orders VALUES ($1, 0)", nobody)
			return nobody
		}},
	}
}

func historyFaults() []planted {
	return []planted{
		{"a history of nothing", "G5", "stray_row", func(t *testing.T, s *shop, tr traded) string {
			id := tr.given[0]
			change(t, s.orders, "DELETE FROM orders WHERE id = $1", id)
			return id
		}},
		{"an event twice", "G4", "event_twice", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.orders, "UPDATE order_events SET id = (SELECT id FROM order_events WHERE order_id = $1 AND n = 1) WHERE order_id = $2 AND n = 2", tr.declined[0], tr.declined[0])
			return tr.declined[0]
		}},
		{"another total", "G5", "history", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.orders, "UPDATE orders SET total_minor = total_minor + 1 WHERE id = $1", tr.confirmed[3])
			return tr.confirmed[3]
		}},
		{"another reason", "G5", "history", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.orders, "UPDATE orders SET reason = 'customer' WHERE id = $1", tr.rejected[1])
			return tr.rejected[1]
		}},
		{"settled without a word", "G5", "history", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.orders, "UPDATE orders SET stock_settled = 1 WHERE id = $1", tr.open)
			return tr.open
		}},
		{"a hole in the history", "G5", "history", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.orders, "DELETE FROM order_events WHERE order_id = $1 AND name = 'payments.captured'", tr.confirmed[4])
			return tr.confirmed[4]
		}},
		{"no history", "G5", "history", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.orders, "DELETE FROM order_events WHERE order_id = $1", tr.confirmed[5])
			return tr.confirmed[5]
		}},
		{"an end that was never said", "G5", "history", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.orders, "DELETE FROM order_events WHERE order_id = $1 AND n = (SELECT MAX(n) FROM order_events WHERE order_id = $2)", tr.rejected[2], tr.rejected[2])
			change(t, s.orders, "UPDATE orders SET entries = entries - 1 WHERE id = $1", tr.rejected[2])
			return tr.rejected[2]
		}},
	}
}

// nobody is the id of no order.
const nobody = "01890000-0000-7000-8000-00000000dead"
