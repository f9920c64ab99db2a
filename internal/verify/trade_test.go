package verify_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"orderly/events"
	"orderly/inventory"
	"orderly/order"
	"orderly/payment"
	"orderly/payment/gateway"
	"orderly/pkg/engine"
	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

// The products of the test shop.
const (
	mug  = "MUG"  // as many as anyone wants
	rare = "RARE" // two of them
	gift = "GIFT" // costs nothing
)

const (
	goodCard = "pm_card_visa"
	badCard  = "pm_card_chargeDeclined"
)

// traded is a shop's orders by what became of them.
type traded struct {
	confirmed []string // with keys, mugs
	given     []string // confirmed, nothing to pay
	rejected  []string
	declined  []string
	refunded  []string // cancelled while they were charged
	credited  []string // confirmed, of which 1.00 was given back by hand
	open      string   // its charge meets an outage
}

func (tr traded) closed() int {
	return len(tr.confirmed) + len(tr.given) + len(tr.rejected) + len(tr.declined) + len(tr.refunded) + len(tr.credited)
}

// trade fills a running shop with orders of every kind.
func trade(t *testing.T, s *shop) traded {
	t.Helper()
	s.stock(t, mug, 1000, 250)
	s.stock(t, rare, 2, 9900)
	s.stock(t, gift, 100, 0)
	var tr traded
	for i := range 20 {
		tr.confirmed = append(tr.confirmed, s.place(t, fmt.Sprintf("key-%d", i), goodCard, mug, int64(1+i%3)))
	}
	for range 3 {
		tr.given = append(tr.given, s.place(t, "", goodCard, gift, 1))
		tr.rejected = append(tr.rejected, s.place(t, "", goodCard, rare, 3))
		tr.declined = append(tr.declined, s.place(t, "", badCard, mug, 1))
	}
	s.allClosed(t)
	tr.refunded = refunded(t, s, 3)
	tr.credited = credited(t, s, 4)
	ok(t, s.gateway.SetSettings(t.Context(), gateway.Settings{Outage: true}))
	tr.open = s.place(t, "", goodCard, mug, 2)
	s.paymentBecomes(t, tr.open, "charging")
	return tr
}

// refunded places orders that are cancelled when the gateway has charged them and
// its answer is lost.
func refunded(t *testing.T, s *shop, n int) []string {
	t.Helper()
	ok(t, s.gateway.SetSettings(t.Context(), gateway.Settings{LoseAnswers: 1}))
	var ids []string
	for range n {
		id := s.place(t, "", goodCard, mug, 1)
		eventually(t, "the order is charged", func() bool {
			return number(t, s.books, "SELECT COUNT(*) FROM gateway_charges WHERE order_id = $1 AND status = 'captured'", id) == 1
		})
		_, err := s.services[0].Engine.Do(t.Context(), order.Cancel{OrderID: id}, engine.Meta{})
		ok(t, err)
		ids = append(ids, id)
	}
	heal(t, s)
	s.allClosed(t)
	for _, id := range ids {
		s.paymentBecomes(t, id, "refunded")
	}
	return ids
}

// credited places orders of which a part is given back by hand, in two parts.
func credited(t *testing.T, s *shop, n int) []string {
	t.Helper()
	ok(t, s.gateway.SetSettings(t.Context(), gateway.Settings{}))
	var ids []string
	for range n {
		ids = append(ids, s.place(t, "", goodCard, mug, 2))
	}
	s.allClosed(t)
	for part := range 2 {
		for _, id := range ids {
			ask := payment.AskCredit{ID: event.DeriveID(id, fmt.Sprint(part)), OrderID: id, AmountMinor: 50, Currency: "EUR", Why: "broken", By: "ann"}
			_, err := s.services[2].Engine.Do(t.Context(), ask, engine.Meta{})
			ok(t, err)
		}
		eventually(t, "the orders have heard of the credits", func() bool {
			return number(t, s.orders, "SELECT COUNT(*) FROM order_credits") == n*(part+1)
		})
	}
	return ids
}

func (s *shop) stock(t *testing.T, product string, units, price int64) {
	t.Helper()
	do := func(command any) {
		_, err := s.services[1].Engine.Do(t.Context(), command, engine.Meta{})
		ok(t, err)
	}
	do(inventory.Put{ID: product, Name: product, Currency: "EUR", UnitPriceMinor: price})
	do(inventory.Adjust{ProductID: product, Delta: units, Reason: "delivery", IdempotencyKey: "delivery"})
}

func (s *shop) place(t *testing.T, key, card, product string, units int64) string {
	t.Helper()
	id, err := s.order(t.Context(), key, card, product, units)
	ok(t, err)
	return id
}

func (s *shop) order(ctx context.Context, key, card, product string, units int64) (string, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return "", err
	}
	_, err = s.services[0].Engine.Do(ctx, order.Place{
		ID:             id.String(),
		CustomerID:     "anna",
		Currency:       "EUR",
		Lane:           "standard",
		IdempotencyKey: key,
		Request:        order.Request{PaymentMethod: card, Items: []events.ItemV2{{ProductID: product, Quantity: units}}},
	}, engine.Meta{Lane: "standard"})
	return id.String(), err
}

func (s *shop) allClosed(t *testing.T) {
	t.Helper()
	eventually(t, "all orders have closed", func() bool { return number(t, s.orders, "SELECT COUNT(*) FROM open_orders") == 0 })
}

func (s *shop) paymentBecomes(t *testing.T, id, state string) {
	t.Helper()
	eventually(t, "the payment of "+id+" is "+state, func() bool {
		return number(t, s.payment, "SELECT COUNT(*) FROM payments WHERE order_id = $1 AND state = $2", id, state) == 1
	})
}

func number(t *testing.T, db *sqldb.DB, query string, args ...any) int {
	t.Helper()
	var n int
	ok(t, db.Reader().QueryRowContext(t.Context(), query, args...).Scan(&n))
	return n
}

// change changes a row behind everybody's back.
func change(t *testing.T, db *sqldb.DB, statement string, args ...any) {
	t.Helper()
	ok(t, db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		inner, err := tx.SQL(t.Context())
		if err != nil {
			return err
		}
		result, err := inner.ExecContext(t.Context(), statement, args...)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			t.Fatalf("%s changed %d rows, %v", statement, n, err)
		}
		return nil
	}))
}

// heal ends the outage.
func heal(t *testing.T, s *shop) {
	t.Helper()
	ok(t, s.gateway.SetSettings(t.Context(), gateway.Settings{}))
}
