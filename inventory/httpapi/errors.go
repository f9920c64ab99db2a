package httpapi

import (
	"errors"
	"net/http"

	"orderly/inventory"
	"orderly/pkg/httpkit"
)

// translate is the one place that maps the domain's errors to answers.
func translate(err error) *httpkit.Problem {
	var refusal inventory.Refusal
	switch {
	case errors.As(err, &refusal):
		faults := make([]httpkit.Fault, len(refusal))
		for i, p := range refusal {
			faults[i] = httpkit.Fault{Location: p.Location, Message: p.Message}
		}
		return httpkit.Invalid(faults...)
	case errors.Is(err, inventory.ErrUnknownProduct):
		return httpkit.NewProblem(http.StatusNotFound, "product-not-found", "There is no such product", err.Error())
	case errors.Is(err, inventory.ErrNoReservation):
		return httpkit.NewProblem(http.StatusNotFound, "reservation-not-found", "There is no reservation for this order", err.Error())
	case errors.Is(err, inventory.ErrNotEnough):
		return httpkit.NewProblem(http.StatusConflict, "not-enough-stock", "There is not enough in stock", err.Error())
	case errors.Is(err, inventory.ErrKeyReused):
		return httpkit.NewProblem(http.StatusUnprocessableEntity, "idempotency-key-reused", "The idempotency key belongs to another request", err.Error())
	}
	return nil
}
