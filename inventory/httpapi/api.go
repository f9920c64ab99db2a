package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"orderly/events"
	"orderly/inventory"
	"orderly/pkg/engine"
	"orderly/pkg/httpkit"
)

const commandTimeout = 10 * time.Second

// Commands decides commands; *engine.Engine does.
type Commands interface {
	// Do returns the decision's reply once it is durable.
	Do(ctx context.Context, body any, meta engine.Meta) (any, error)
}

// Service is what the API stands in front of.
type Service struct {
	Engine   Commands
	Products inventory.Reader
}

// Register adds the operations to an API. It panics if they are there already.
func Register(api huma.API, s Service) {
	s.registerPut(api)
	s.registerAdjust(api)
	s.registerGet(api)
	s.registerList(api)
	s.registerReservation(api)
}

// operation fills in what the operations have in common.
func operation(op huma.Operation) huma.Operation {
	op.Tags = []string{"products"}
	op.Errors = append(op.Errors, http.StatusUnprocessableEntity, http.StatusServiceUnavailable)
	return op
}

// do sends a command and waits for its answer, but not for ever.
func (s Service) do(ctx context.Context, command any) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	return s.Engine.Do(ctx, command, httpkit.Meta(ctx))
}

// checkProductID refuses a path whose id cannot be a product's.
func checkProductID(id string) error {
	if err := events.CheckProductID(id); err != nil {
		return httpkit.Invalid(httpkit.Fault{Location: "path.id", Message: err.Error()})
	}
	return nil
}
