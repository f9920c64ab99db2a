package httpapi

import (
	"context"

	"orderly/events"
	"orderly/pkg/httpkit"
)

// Stock answers for one product who does not ask over HTTP. Its error is a
// *httpkit.Problem where the question is at fault.
func (s Service) Stock(ctx context.Context, id string) (any, error) {
	if err := events.CheckProductID(id); err != nil {
		return nil, httpkit.Invalid(httpkit.Fault{Location: "product_id", Message: err.Error()})
	}
	p, err := s.Products.Product(ctx, id)
	if err != nil {
		return nil, httpkit.AsProblem(err, translate)
	}
	return productOf(p), nil
}
