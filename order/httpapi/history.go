package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"orderly/pkg/httpkit"
)

type historyInput struct {
	ID string `path:"id" format:"uuid" doc:"The order's id"`
}

type historyOutput struct {
	Body orderHistory
}

type orderHistory struct {
	Items []orderEvent `json:"items" nullable:"false" doc:"In the order in which they happened"`
}

type orderEvent struct {
	ID      string          `json:"id"`
	Name    string          `json:"name" example:"orders.created"`
	Version int             `json:"version"`
	Time    time.Time       `json:"time"`
	Cause   string          `json:"cause" doc:"The id of the event that led to it, or request, or clock"`
	Data    json.RawMessage `json:"data" doc:"The event's payload"`
}

func (s Service) registerHistory(api huma.API) {
	httpkit.Register(api, operation(huma.Operation{
		OperationID: "list-order-events",
		Method:      http.MethodGet,
		Path:        "/v1/orders/{id}/events",
		Summary:     "List all that happened to an order",
		Errors:      []int{http.StatusNotFound},
	}), translate, s.history)
}

func (s Service) history(ctx context.Context, in *historyInput) (*historyOutput, error) {
	id, err := orderID(in.ID, "path.id")
	if err != nil {
		return nil, err
	}
	entries, err := s.Orders.History(ctx, id)
	if err != nil {
		return nil, err
	}
	out := &historyOutput{Body: orderHistory{Items: make([]orderEvent, len(entries))}}
	for i, e := range entries {
		out.Body.Items[i] = orderEvent{ID: e.ID, Name: e.Name, Version: e.Version, Time: e.At.UTC(), Cause: e.Cause, Data: e.Data}
	}
	return out, nil
}
