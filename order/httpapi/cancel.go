package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"orderly/order"
	"orderly/pkg/httpkit"
)

type cancelInput struct {
	ID string `path:"id" format:"uuid" doc:"The order's id"`
	httpkit.Payload
}

type cancelOutput struct {
	Location string `header:"Location" doc:"The order's address"`
	Body     orderDetails
}

func (s Service) registerCancel(api huma.API) {
	httpkit.Register(api, operation(huma.Operation{
		OperationID:   "cancel-order",
		Method:        http.MethodPost,
		Path:          "/v1/orders/{id}/cancellation",
		Summary:       "Cancel an order",
		Description:   "Stock and money come back afterwards, the order is closed then. An order that is cancelled already stays as it is.",
		DefaultStatus: http.StatusAccepted,
		Errors:        []int{http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge},
	}), translate, s.cancel)
}

func (s Service) cancel(ctx context.Context, in *cancelInput) (*cancelOutput, error) {
	if err := in.Empty(); err != nil {
		return nil, err
	}
	id, err := orderID(in.ID, "path.id")
	if err != nil {
		return nil, err
	}
	if _, err := s.do(ctx, order.Cancel{OrderID: id}, ""); err != nil {
		return nil, err
	}
	view, err := s.Orders.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return &cancelOutput{Location: location(id), Body: detailsOf(view)}, nil
}
