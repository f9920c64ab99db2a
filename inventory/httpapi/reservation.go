package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"orderly/inventory"
	"orderly/pkg/httpkit"
)

type reservation struct {
	OrderID    string    `json:"order_id" format:"uuid"`
	State      string    `json:"state" enum:"reserved,rejected,released,dead,committed" doc:"dead: the order was cancelled before anything was reserved"`
	Currency   string    `json:"currency,omitempty"`
	TotalMinor int64     `json:"total_minor" doc:"In minor units"`
	Reason     string    `json:"reason,omitempty" doc:"Why it was rejected"`
	UpdatedAt  time.Time `json:"updated_at"`
}

type reservationInput struct {
	OrderID string `path:"order_id" format:"uuid" doc:"The order's id"`
}

type reservationOutput struct {
	Body reservation
}

func (s Service) registerReservation(api huma.API) {
	op := operation(huma.Operation{
		OperationID: "get-reservation",
		Method:      http.MethodGet,
		Path:        "/v1/reservations/{order_id}",
		Summary:     "Get what is held for an order",
		Errors:      []int{http.StatusNotFound},
	})
	op.Tags = []string{"reservations"}
	httpkit.Register(api, op, translate, s.reservation)
}

func (s Service) reservation(ctx context.Context, in *reservationInput) (*reservationOutput, error) {
	id, err := uuid.Parse(in.OrderID)
	if err != nil || len(in.OrderID) != 36 {
		return nil, httpkit.Invalid(httpkit.Fault{Location: "path.order_id", Message: "not an order id: a UUID, as 01990000-0000-7000-8000-000000000000"})
	}
	r, err := s.Products.Reservation(ctx, id.String())
	if err != nil {
		return nil, err
	}
	return &reservationOutput{Body: reservationOf(r)}, nil
}

func reservationOf(r inventory.Reservation) reservation {
	return reservation{
		OrderID:    r.OrderID,
		State:      string(r.State),
		Currency:   r.Currency,
		TotalMinor: r.TotalMinor,
		Reason:     r.Reason,
		UpdatedAt:  r.UpdatedAt.UTC(),
	}
}
