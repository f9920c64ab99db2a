package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"orderly/payment"
	"orderly/pkg/httpkit"
)

type getInput struct {
	OrderID string `path:"order_id" format:"uuid" doc:"The order's id"`
}

type getOutput struct {
	Body orderPayment
}

type orderPayment struct {
	OrderID     string    `json:"order_id" format:"uuid"`
	State       string    `json:"state" enum:"charging,charging_dead,captured,refunding,failed,dead,refunded" doc:"charging_dead: the order was cancelled while the charge was under way; dead: it was before anything was charged"`
	Currency    string    `json:"currency,omitempty"`
	AmountMinor int64     `json:"amount_minor" doc:"In minor units"`
	Method      string    `json:"method,omitempty"`
	ChargeID    string    `json:"charge_id,omitempty" doc:"The provider's id of the charge"`
	Code        string    `json:"code,omitempty" doc:"Why the provider declined"`
	UpdatedAt   time.Time `json:"updated_at"`
	Credits     []Credit  `json:"credits,omitempty" doc:"The refunds by hand, the oldest first"`
}

func (s Service) registerGet(api huma.API) {
	httpkit.Register(api, huma.Operation{
		OperationID: "get-payment",
		Method:      http.MethodGet,
		Path:        "/v1/payments/{order_id}",
		Summary:     "Get the payment of an order",
		Tags:        []string{"payments"},
		Errors:      []int{http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, translate, s.get)
}

func (s Service) get(ctx context.Context, in *getInput) (*getOutput, error) {
	id, err := orderID(in.OrderID)
	if err != nil {
		return nil, err
	}
	p, err := s.Payments.Payment(ctx, id)
	if err != nil {
		return nil, err
	}
	credits, err := s.Payments.Credits(ctx, id)
	if err != nil {
		return nil, err
	}
	out := &getOutput{Body: paymentOf(p)}
	for _, c := range credits {
		out.Body.Credits = append(out.Body.Credits, creditOf(c))
	}
	return out, nil
}

// orderID returns the id in its canonical form.
func orderID(s string) (string, error) {
	id, err := uuid.Parse(s)
	if err != nil || len(s) != 36 {
		return "", httpkit.Invalid(httpkit.Fault{Location: "path.order_id", Message: "not an order id: a UUID, as 01990000-0000-7000-8000-000000000000"})
	}
	return id.String(), nil
}

func paymentOf(p payment.Payment) orderPayment {
	return orderPayment{
		OrderID:     p.OrderID,
		State:       string(p.State),
		Currency:    p.Currency,
		AmountMinor: p.AmountMinor,
		Method:      p.Method,
		ChargeID:    p.ChargeID,
		Code:        p.Code,
		UpdatedAt:   p.UpdatedAt.UTC(),
	}
}
