package httpapi

import (
	"context"

	"orderly/pkg/httpkit"
)

// Status answers for one order who does not ask over HTTP. Its error is a
// *httpkit.Problem where the question is at fault.
func (s Service) Status(ctx context.Context, id string) (OrderSummary, error) {
	id, err := orderID(id, "order_id")
	if err != nil {
		return OrderSummary{}, err
	}
	view, err := s.Orders.Get(ctx, id)
	if err != nil {
		return OrderSummary{}, httpkit.AsProblem(err, translate)
	}
	return summaryOf(view.Order), nil
}
