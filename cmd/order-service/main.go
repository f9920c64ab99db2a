// Command order-service takes orders over HTTP and drives each to its end.
// Its flags, or the ORDERLY_… variables, say where NATS and PostgreSQL are.
package main

import (
	"context"
	"os"

	"orderly/cmd/internal/standalone"
	"orderly/internal/app"
	"orderly/order"
)

// version is set by the linker in releases.
var version string

func main() {
	var told standalone.OrderSettings
	os.Exit(standalone.Run(standalone.Service{
		Name:     "order-service",
		About:    "order-service takes orders over HTTP and drives each to its end.",
		Version:  version,
		Settings: told.List(),
		Service:  app.OrderService,
		New: func(_ context.Context, d app.Deps) (*app.Service, error) {
			return app.NewOrder(d, order.Policy{
				Deadline: told.Deadline, ExpressDeadline: told.ExpressDeadline, RedriveFirst: told.RedriveAfter, RedriveMax: told.RedriveMax,
			})
		},
	}, os.Args[1:], os.Stdout, os.Stderr))
}
