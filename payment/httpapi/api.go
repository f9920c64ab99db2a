package httpapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"orderly/payment"
	"orderly/payment/gateway"
	"orderly/pkg/httpkit"
)

// Simulation is a gateway with settings; *gateway.Simulated is one.
type Simulation interface {
	// Settings returns the settings in force.
	Settings(ctx context.Context) (gateway.Settings, error)
	// SetSettings replaces all settings, or none if one is out of range.
	SetSettings(ctx context.Context, s gateway.Settings) error
}

// Service is what the API stands in front of.
type Service struct {
	Payments payment.Reader
	// Gateway may be nil: its operations do not exist then.
	Gateway Simulation
	// Replica names this process. Calls and Breaker are how it sees the gateway.
	Replica string
	Calls   Calls
	Breaker Breaker
}

// Register adds the operations to an API. It panics if they are there already.
func Register(api huma.API, s Service) {
	s.registerGet(api)
	s.registerGatewayStatus(api)
	if s.Gateway != nil {
		s.registerGetGateway(api)
		s.registerPutGateway(api)
	}
}

// translate is the one place that maps the domain's errors to answers.
func translate(err error) *httpkit.Problem {
	if errors.Is(err, payment.ErrNotFound) {
		return httpkit.NewProblem(http.StatusNotFound, "payment-not-found", "There is no payment for this order", err.Error())
	}
	return nil
}
