// Command payment-service charges and refunds orders through the simulated
// gateway, whose ledger lies beside its own tables. Its flags, or the
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
	os.Exit(standalone.Run(standalone.Service{
		Name:    "payment-service",
		Version: version,
		Migrate: app.MigratePayment,
		New: func(ctx context.Context, d app.Deps) (*app.Service, error) {
			g, err := gateway.New(ctx, d.DB, gateway.Settings{})
			if err != nil {
				return nil, err
			}
			return app.NewPayment(d, g)
		},
	}, os.Args[1:], os.Stderr))
}
