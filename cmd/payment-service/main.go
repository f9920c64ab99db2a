// Command payment-service charges and refunds orders through the simulated
// gateway, whose ledger lies beside its own tables, or in memory. Its flags, or the
// ORDERLY_… variables, say where NATS and PostgreSQL are.
package main

import (
	"context"
	"os"

	"orderly/cmd/internal/standalone"
	"orderly/internal/app"
	"orderly/payment/gateway"
)

// version is set by the linker in releases.
var version string

func main() {
	var told standalone.PaymentSettings
	os.Exit(standalone.Run(standalone.Service{
		Name:     "payment-service",
		About:    "payment-service charges and refunds orders through the simulated gateway.",
		Version:  version,
		Settings: told.List(),
		Service:  app.PaymentService,
		New: func(ctx context.Context, d app.Deps) (*app.Service, error) {
			g, err := newGateway(ctx, d, told)
			if err != nil {
				return nil, err
			}
			return app.NewPayment(d, g, told.Gateway)
		},
	}, os.Args[1:], os.Stdout, os.Stderr))
}

func newGateway(ctx context.Context, d app.Deps, told standalone.PaymentSettings) (*gateway.Simulated, error) {
	if told.GatewayLedger == standalone.LedgerInMemory {
		return gateway.NewInMemory(gateway.Settings{})
	}
	return gateway.New(ctx, d.DB, gateway.Settings{})
}
