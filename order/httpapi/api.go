package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"orderly/order"
	"orderly/pkg/engine"
	"orderly/pkg/httpkit"
)

const (
	// MaxWait is the longest that a reader may wait for an order to end.
	MaxWait = 30 * time.Second

	commandTimeout = 10 * time.Second
	pollPause      = 500 * time.Millisecond
)

// Commands decides commands; *engine.Engine does.
type Commands interface {
	// Do returns the decision's reply once it is durable.
	Do(ctx context.Context, body any, meta engine.Meta) (any, error)
}

// Service is what the API stands in front of.
type Service struct {
	Engine Commands
	Orders order.Reader
	// Watch returns a channel that gets a value, or is closed, when the order
	// may have changed, and what ends the watch. It may be nil: readers that
	// wait then look twice a second.
	Watch func(orderID string) (changed <-chan struct{}, stop func())
	// Channels tells how far the services have come with what they hear; nil is
	// nothing to tell.
	Channels func(context.Context) ([]Channel, error)
}

// Register adds the operations to an API. It panics if they are there already.
func Register(api huma.API, s Service) {
	s.registerPlace(api)
	s.registerGet(api)
	s.registerList(api)
	s.registerStuck(api)
	s.registerCancel(api)
	s.registerRetry(api)
	s.registerHistory(api)
	s.registerActions(api)
}

// operation fills in what the operations have in common.
func operation(op huma.Operation) huma.Operation {
	op.Tags = []string{"orders"}
	op.Errors = append(op.Errors, http.StatusUnprocessableEntity, http.StatusServiceUnavailable)
	return op
}

// do sends a command and waits for its answer, but not for ever.
func (s Service) do(ctx context.Context, command any, lane string) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	meta := httpkit.Meta(ctx)
	meta.Lane = lane
	return s.Engine.Do(ctx, command, meta)
}

// orderID returns the id in its canonical form.
func orderID(s, location string) (string, error) {
	id, err := uuid.Parse(s)
	if err != nil || len(s) != 36 {
		return "", httpkit.Invalid(httpkit.Fault{Location: location, Message: "not an order id: a UUID, as 01990000-0000-7000-8000-000000000000"})
	}
	return id.String(), nil
}

func location(id string) string { return "/v1/orders/" + id }
