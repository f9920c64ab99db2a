package httpapi

import (
	"errors"
	"net/http"

	"orderly/order"
	"orderly/pkg/httpkit"
)

// translate is the one place that maps the domain's errors to answers.
func translate(err error) *httpkit.Problem {
	var refusal order.Refusal
	switch {
	case errors.As(err, &refusal):
		faults := make([]httpkit.Fault, len(refusal))
		for i, p := range refusal {
			faults[i] = httpkit.Fault{Location: p.Location, Message: p.Message}
		}
		return httpkit.Invalid(faults...)
	case errors.Is(err, order.ErrNotFound):
		return httpkit.NewProblem(http.StatusNotFound, "order-not-found", "There is no such order", err.Error())
	case errors.Is(err, order.ErrTooLate):
		return httpkit.NewProblem(http.StatusConflict, "too-late-to-cancel", "The order can no longer be cancelled", err.Error())
	case errors.Is(err, order.ErrClosed):
		return httpkit.NewProblem(http.StatusConflict, "order-closed", "Nothing is left to do for the order", err.Error())
	case errors.Is(err, order.ErrKeyReused):
		return httpkit.NewProblem(http.StatusUnprocessableEntity, "idempotency-key-reused", "The idempotency key belongs to another request", err.Error())
	}
	return nil
}
