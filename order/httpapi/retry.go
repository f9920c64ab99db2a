package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"orderly/order"
	"orderly/pkg/httpkit"
)

// The limits in the tags are for the document; order.Action checks them.
type retryBody struct {
	By  string `json:"by" minLength:"1" maxLength:"64" doc:"Who does so; kept for operators, and sent to nobody"`
	Why string `json:"why,omitempty" maxLength:"500"`
}

func (s Service) registerRetry(api huma.API) {
	op := operation(huma.Operation{
		OperationID: "retry-order",
		Method:      http.MethodPost,
		Path:        "/v1/orders/{id}/retry",
		Summary:     "Announce an order again at once",
		Description: "Orderly announces an order without progress by itself, with growing pauses; this one does not wait for the pause. " +
			"Whoever owes the order an answer gives it again. An order past its deadline is cancelled.",
		DefaultStatus: http.StatusAccepted,
		Errors: []int{http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType},
	})
	decode := httpkit.JSONBody[retryBody](api, &op)
	httpkit.Register(api, op, translate, func(ctx context.Context, in *actionInput) (*changedOutput, error) {
		body, err := decode(in.Payload)
		if err != nil {
			return nil, err
		}
		a, err := newAction(order.ActionRetry, body.By, body.Why)
		if err != nil {
			return nil, err
		}
		return s.change(ctx, in.ID, func(id string) any { return order.Retry{OrderID: id, Action: a} })
	})
}
