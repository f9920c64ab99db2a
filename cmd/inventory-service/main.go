// Command inventory-service keeps the catalogue and reserves stock for orders.
// Its flags, or the ORDERLY_… variables, say where NATS and PostgreSQL are.
package main

import (
	"context"
	"os"

	"orderly/cmd/internal/standalone"
	"orderly/internal/app"
)

// version is set by the linker in releases.
var version string

func main() {
	os.Exit(standalone.Run(standalone.Service{
		Name:    "inventory-service",
		About:   "inventory-service keeps the catalogue and reserves stock for orders.",
		Version: version,
		Service: app.InventoryService,
		New:     func(_ context.Context, d app.Deps) (*app.Service, error) { return app.NewInventory(d) },
	}, os.Args[1:], os.Stdout, os.Stderr))
}
