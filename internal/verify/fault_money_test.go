package verify_test

import "testing"

// charged adds a charge to the gateway's books.
func charged(t *testing.T, s *shop, id string, amount int64) {
	t.Helper()
	change(t, s.books, `INSERT INTO gateway_charges (key, generation, id, order_id, method, currency, amount_minor, status, code, created_at)
		VALUES ($1, 7, 'ch_planted', $2, $3, 'EUR', $4, 'captured', '', 1)`, id, id, goodCard, amount)
}

func moneyFaults() []planted {
	return []planted{
		{"captured twice", "G2", "captured_twice", func(t *testing.T, s *shop, tr traded) string {
			charged(t, s, tr.confirmed[0], 250)
			return tr.confirmed[0]
		}},
		{"captured for nobody", "G2", "unknown_order", func(t *testing.T, s *shop, _ traded) string {
			charged(t, s, nobody, 250)
			return nobody
		}},
		{"a payment of nobody", "G2", "unknown_order", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.payment, `INSERT INTO payments SELECT $1, state, currency, amount_minor, method, charge_id, code, intent_at, updated_at
				FROM payments WHERE order_id = $2`, nobody, tr.declined[0])
			return nobody
		}},
		{"captured and unknown to payment", "G2", "charged_unannounced", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.payment, "DELETE FROM payments WHERE order_id = $1", tr.confirmed[1])
			return tr.confirmed[1]
		}},
		{"captured too much", "G2", "confirmed_not_paid", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.books, "UPDATE gateway_charges SET amount_minor = amount_minor + 1 WHERE order_id = $1", tr.confirmed[2])
			return tr.confirmed[2]
		}},
		{"captured in another currency", "G2", "confirmed_not_paid", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.payment, "UPDATE payments SET currency = 'USD' WHERE order_id = $1", tr.confirmed[3])
			return tr.confirmed[3]
		}},
		{"never captured", "G2", "confirmed_not_paid", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.books, "DELETE FROM gateway_charges WHERE order_id = $1", tr.confirmed[4])
			return tr.confirmed[4]
		}},
		{"confirmed and refunded", "G2", "confirmed_refunded", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.books, `INSERT INTO gateway_refunds (key, generation, id, charge_id, order_id, currency, amount_minor, created_at)
				SELECT 'planted', 0, 're_planted', id, order_id, currency, 1, created_at FROM gateway_charges WHERE order_id = $1`, tr.confirmed[5])
			return tr.confirmed[5]
		}},
		{"never refunded", "G2", "cancelled_not_refunded", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.books, "DELETE FROM gateway_refunds WHERE order_id = $1", tr.refunded[0])
			return tr.refunded[0]
		}},
		{"refunded too much", "G2", "refunded_too_much", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.books, "UPDATE gateway_refunds SET amount_minor = amount_minor + 1 WHERE order_id = $1", tr.refunded[1])
			return tr.refunded[1]
		}},
		{"cancelled and still charging", "G2", "payment_not_settled", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.payment, "UPDATE payments SET state = 'charging_dead' WHERE order_id = $1", tr.refunded[2])
			return tr.refunded[2]
		}},
		{"declined and captured", "G2", "books_disagree", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.books, "UPDATE gateway_charges SET status = 'captured' WHERE order_id = $1", tr.declined[1])
			return tr.declined[1]
		}},
		{"another charge", "G2", "books_disagree", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.payment, "UPDATE payments SET charge_id = 'ch_other' WHERE order_id = $1", tr.confirmed[6])
			return tr.confirmed[6]
		}},
		{"given back by hand, say the books alone", "G2", "confirmed_refunded", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.payment, "DELETE FROM credits WHERE order_id = $1", tr.credited[0])
			return tr.credited[0]
		}},
		{"given back by hand, says payment alone", "G2", "confirmed_refunded", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.books, "DELETE FROM gateway_refunds WHERE order_id = $1", tr.credited[1])
			return tr.credited[1]
		}},
		{"more given back by hand than was taken", "G2", "credited_too_much", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.payment, "UPDATE credits SET amount_minor = 500 WHERE order_id = $1", tr.credited[2])
			return tr.credited[2]
		}},
		{"the order never heard of a refund by hand", "G2", "credit_not_told", func(t *testing.T, s *shop, tr traded) string {
			id := tr.credited[3]
			change(t, s.payment, "UPDATE payments SET updated_at = 1 WHERE order_id = $1", id)
			change(t, s.orders, "DELETE FROM order_credits WHERE order_id = $1", id)
			return id
		}},
		{"a refund by hand of nobody", "G2", "stray_row", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.payment, `INSERT INTO credits SELECT $1, $2, asked_minor, amount_minor, currency, why, asked_by, asked_at, state, refusal, settled_at, told, due_at
				FROM credits WHERE order_id = $3 LIMIT 1`, nobody, nobody, tr.credited[0])
			return nobody
		}},
		{"captured, says payment alone", "G2", "books_disagree", func(t *testing.T, s *shop, tr traded) string {
			change(t, s.payment, "UPDATE payments SET state = 'captured', charge_id = 'ch_none' WHERE order_id = $1", tr.open)
			return tr.open
		}},
	}
}
