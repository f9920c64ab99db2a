package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"orderly/order"
	"orderly/pkg/httpkit"
)

type actionInput struct {
	ID string `path:"id" format:"uuid" doc:"The order's id"`
	httpkit.Payload
}

type changedOutput struct {
	Location string `header:"Location" doc:"The order's address"`
	Body     orderDetails
}

// The limits in the tags are for the document; order.Action checks them.
type cancelBody struct {
	Why string `json:"why,omitempty" maxLength:"500" doc:"Why an operator cancels the order; kept for operators, and sent to nobody"`
	By  string `json:"by,omitempty" maxLength:"64" doc:"Who does so; without a body it is the customer"`
}

func (s Service) registerCancel(api huma.API) {
	op := operation(huma.Operation{
		OperationID: "cancel-order",
		Method:      http.MethodPost,
		Path:        "/v1/orders/{id}/cancellation",
		Summary:     "Cancel an order",
		Description: "Stock and money come back afterwards, the order is closed then. An order that is cancelled already stays as it is. " +
			"Who and why are kept with the order: see GET /v1/orders/{id}/actions.",
		DefaultStatus: http.StatusAccepted,
		Errors: []int{http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType},
	})
	decode := httpkit.OptionalJSONBody[cancelBody](api, &op)
	httpkit.Register(api, op, translate, func(ctx context.Context, in *actionInput) (*changedOutput, error) {
		body, err := decode(in.Payload)
		if err != nil {
			return nil, err
		}
		var a order.Action
		if body != (cancelBody{}) {
			if a, err = newAction(order.ActionCancel, body.By, body.Why); err != nil {
				return nil, err
			}
		}
		return s.change(ctx, in.ID, func(id string) any { return order.Cancel{OrderID: id, Action: a} })
	})
}

// change does what a command asks of an order, and shows what the order is then.
func (s Service) change(ctx context.Context, rawID string, command func(id string) any) (*changedOutput, error) {
	id, err := orderID(rawID, "path.id")
	if err != nil {
		return nil, err
	}
	if _, err := s.do(ctx, command(id), ""); err != nil {
		return nil, err
	}
	view, err := s.Orders.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return &changedOutput{Location: location(id), Body: detailsOf(view)}, nil
}
