package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"orderly/events"
	"orderly/internal/pgtest"
	"orderly/internal/storetest"
	"orderly/payment"
	"orderly/payment/sqlstore"
	"orderly/pkg/engine"
	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const month = 30 * 24 * time.Hour

// service has a gateway that captures everything.
var service = storetest.Service{Schema: sqlstore.Schema(), New: func(db *sqldb.DB, _ *event.Registry) engine.Decider {
	return sqlstore.New(db, script{})
}}

func id(n int) string { return storetest.ID(n) }

func reserved(n int, total int64) events.Event {
	return events.InventoryReserved{OrderID: id(n), Currency: "EUR", TotalMinor: total, PaymentMethod: "pm_card",
		Items: []events.PricedItem{{ProductID: "MUG", Quantity: 1, UnitPriceMinor: total}}}
}

func cancelled(n int) events.Event {
	return events.OrderCancelled{OrderID: id(n), Reason: events.ReasonCustomer}
}

func outcome(n int, kind payment.OutcomeKind) payment.Outcome {
	o := payment.Outcome{OrderID: id(n), Kind: kind, Currency: "EUR", AmountMinor: 700, ChargeID: "ch_1"}
	switch kind {
	case payment.OutcomeDeclined:
		o.Code = "card_declined"
	case payment.OutcomeVoided:
		o.Code, o.AmountMinor = "voided", 0
	}
	return o
}

// stored is the row of an order: its state, amount, charge and code.
func stored(t testing.TB, r storetest.Replica, n int) string {
	t.Helper()
	return fmt.Sprint(storetest.Rows(t, r.DB, "SELECT state, amount_minor, charge_id, code FROM payments WHERE order_id = $1", id(n)))
}

// calls is what the answer asks of the gateway.
func calls(a storetest.Answer) string {
	if a.Call == nil {
		return ""
	}
	return a.Call.Key
}

// script is a gateway that does as it is told: it fails with err, or grants
// what it was asked for and notes the last request.
type script struct {
	err  error
	note func(request any)
}

var _ payment.Gateway = script{}

func (s script) asked(request any) error {
	if s.note != nil {
		s.note(request)
	}
	return s.err
}

func (s script) Charge(_ context.Context, r payment.ChargeRequest) (payment.Charge, error) {
	return payment.Charge{ID: "ch_1", OrderID: r.OrderID, Currency: r.Currency, AmountMinor: r.AmountMinor, Status: payment.ChargeCaptured}, s.asked(r)
}

func (s script) Refund(_ context.Context, r payment.RefundRequest) (payment.Refund, error) {
	return payment.Refund{ID: "re_1", OrderID: r.OrderID, ChargeID: r.ChargeID, Currency: r.Currency, AmountMinor: r.AmountMinor}, s.asked(r)
}

func (s script) Void(_ context.Context, r payment.VoidRequest) (payment.Charge, error) {
	return payment.Charge{OrderID: r.OrderID, Status: payment.ChargeVoided}, s.asked(r)
}

func (s script) FindByOrder(context.Context, string) (payment.Charge, bool, error) {
	return payment.Charge{}, false, errors.New("nothing here is old enough to be looked up")
}

func (s script) KeyRetention() time.Duration { return month }
