package app

import (
	"context"
	"net/http"
	"time"

	"go.uber.org/zap"

	"orderly/internal/audit"
	inventorystore "orderly/inventory/sqlstore"
	orderstore "orderly/order/sqlstore"
	"orderly/payment/gateway"
	paymentstore "orderly/payment/sqlstore"
)

// AuditRoutes serves audit feeds.
func AuditRoutes(mux *http.ServeMux, log *zap.Logger, feeds ...audit.Feed) {
	for _, f := range feeds {
		mux.Handle("GET "+f.Path, audit.Handler(f, func(err error) {
			log.Error("audit feed broke off", zap.String("path", f.Path), zap.Error(err))
		}))
	}
}

// OrderAudit returns what the order service shows to an audit: its orders,
// which of them are open, and the events in the streams.
func OrderAudit(d Deps) []audit.Feed {
	store := orderstore.New(d.DB, orderstore.Config{Registry: d.Registry})
	streams := auditStreams{js: d.Bus.JetStream(), registry: d.Registry, db: d.DB}
	return []audit.Feed{
		{Path: audit.PathOrders, Read: store.Audit},
		{Path: audit.PathOpen, Read: store.AuditOpen},
		{Path: audit.PathEvents, Read: streams.read},
	}
}

// InventoryAudit returns what the inventory service shows to an audit.
func InventoryAudit(d Deps) []audit.Feed {
	return []audit.Feed{{Path: audit.PathInventory, Read: inventorystore.New(d.DB).Audit}}
}

// PaymentAudit returns what the payment service and the books of the gateway
// show to an audit.
func PaymentAudit(d Deps, g *gateway.Simulated) []audit.Feed {
	return []audit.Feed{
		{Path: audit.PathPayments, Read: paymentstore.New(d.DB, g).Audit},
		{Path: audit.PathCharges, Read: auditCharges(g)},
	}
}

// auditCharges shows the gateway's books. The head goes out with the first
// entry, when the books' snapshot is there.
func auditCharges(g *gateway.Simulated) func(context.Context, func(audit.Line) error) error {
	return func(ctx context.Context, emit func(audit.Line) error) error {
		begun := false
		begin := func() error {
			if begun {
				return nil
			}
			begun = true
			return emit(audit.Line{Head: &audit.Head{At: time.Now().UTC()}})
		}
		err := g.Ledger(ctx, func(e gateway.Entry) error {
			if err := begin(); err != nil {
				return err
			}
			return emit(audit.Line{Charge: &audit.Charge{
				OrderID:       e.OrderID,
				ID:            e.ChargeID,
				Status:        string(e.Status),
				Currency:      e.Currency,
				AmountMinor:   e.AmountMinor,
				RefundedMinor: e.RefundedMinor,
			}})
		})
		if err != nil {
			return err
		}
		return begin()
	}
}
