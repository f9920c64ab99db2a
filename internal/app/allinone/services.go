package allinone

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"orderly/internal/app"
	inventorystore "orderly/inventory/sqlstore"
	orderstore "orderly/order/sqlstore"
	"orderly/payment/gateway"
	paymentstore "orderly/payment/sqlstore"
	"orderly/pkg/natsbus"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/sqlite"
)

// ackWait is short, because nobody but this process has anything in hand: after
// a crash and a restart there is nothing to wait for.
const ackWait = 5 * time.Second

// services opens a database for each service and wires them.
func (s *System) services(ctx context.Context, cfg Config, bus *natsbus.Conn) ([]*app.Service, *prometheus.Registry, error) {
	registry, err := app.NewRegistry()
	if err != nil {
		return nil, nil, err
	}
	metrics := app.NewMetrics()
	deps := func(name string, schema sqldb.Schema) (app.Deps, error) {
		db, err := s.open(ctx, cfg, name, sqlite.Options{})
		if err != nil {
			return app.Deps{}, err
		}
		d := app.Deps{
			DB: db, Schema: schema, Bus: bus, Registry: registry, Metrics: metrics, Logger: cfg.Logger, Traces: cfg.Traces.Provider(name, cfg.Version),
			Replicas: 1, AckWait: ackWait, Versions: cfg.Versions, MaxInputs: cfg.MaxInputs,
		}
		if err := db.Migrate(ctx, schema); err != nil {
			return d, fmt.Errorf("%s: %w", databaseFile(cfg.Dir, name), err)
		}
		return d, nil
	}
	if s.Gateway, err = s.gateway(ctx, cfg); err != nil {
		return nil, nil, err
	}
	var services []*app.Service
	add := func(name string, schema sqldb.Schema, wire func(app.Deps) (*app.Service, error)) error {
		d, err := deps(name, schema)
		if err != nil {
			return err
		}
		service, err := wire(d)
		services = append(services, service)
		return err
	}
	if err := add(app.OrderService, orderstore.Schema(), func(d app.Deps) (*app.Service, error) { return app.NewOrder(d, cfg.Policy) }); err != nil {
		return nil, nil, err
	}
	if err := add(app.InventoryService, inventorystore.Schema(), app.NewInventory); err != nil {
		return nil, nil, err
	}
	if err := add(app.PaymentService, paymentstore.Schema(), func(d app.Deps) (*app.Service, error) { return app.NewPayment(d, s.Gateway, cfg.Payment) }); err != nil {
		return nil, nil, err
	}
	return services, metrics, nil
}

// gateway opens the simulated gateway's own ledger. It stands for a provider
// elsewhere, so it need not outlive a loss of power, only the process.
func (s *System) gateway(ctx context.Context, cfg Config) (*gateway.Simulated, error) {
	db, err := s.open(ctx, cfg, gatewayName, sqlite.Options{Synchronous: sqlite.Off})
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, sqldb.Schema{Owner: gatewayName, Tables: []sqldb.Tables{gateway.Tables()}}); err != nil {
		return nil, fmt.Errorf("%s: %w", databaseFile(cfg.Dir, gatewayName), err)
	}
	return gateway.New(ctx, db, cfg.Gateway)
}
