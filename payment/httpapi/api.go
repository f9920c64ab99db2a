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
	Engine   Commands
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
	s.registerCredit(api)
	s.registerGatewayStatus(api)
	if s.Gateway != nil {
		s.registerGetGateway(api)
		s.registerPutGateway(api)
	}
}

// translate is the one place that maps the domain's errors to answers.
func translate(err error) *httpkit.Problem {
	var refusal payment.Refusal
	switch {
	case errors.As(err, &refusal):
		faults := make([]httpkit.Fault, len(refusal))
		for i, p := range refusal {
			faults[i] = httpkit.Fault{Location: p.Location, Message: p.Message}
		}
		return httpkit.Invalid(faults...)
	case errors.Is(err, payment.ErrNotFound):
		return httpkit.NewProblem(http.StatusNotFound, "payment-not-found", "There is no payment for this order", err.Error())
	case errors.Is(err, payment.ErrNothingCaptured):
		return httpkit.NewProblem(http.StatusConflict, "nothing-captured", "Nothing is captured for this order that could be given back", err.Error())
	case errors.Is(err, payment.ErrTooMuch):
		return httpkit.NewProblem(http.StatusConflict, "refund-too-large", "Not so much is left of what was captured", err.Error())
	case errors.Is(err, payment.ErrOtherCurrency):
		return httpkit.NewProblem(http.StatusConflict, "other-currency", "The payment is in another currency", err.Error())
	case errors.Is(err, payment.ErrCreditUnderWay):
		return httpkit.NewProblem(http.StatusConflict, "refund-under-way", "Another refund of this order has no outcome yet", err.Error())
	case errors.Is(err, payment.ErrCreditReused):
		return httpkit.NewProblem(http.StatusUnprocessableEntity, "idempotency-key-reused", "The idempotency key belongs to another request", err.Error())
	}
	return nil
}
