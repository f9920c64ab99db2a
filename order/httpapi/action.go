package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"orderly/order"
	"orderly/pkg/httpkit"
)

type actionsOutput struct {
	Body orderActions
}

type orderActions struct {
	Items []orderAction `json:"items" nullable:"false" doc:"The oldest first"`
}

type orderAction struct {
	Kind string    `json:"kind" enum:"cancel,retry"`
	By   string    `json:"by"`
	Why  string    `json:"why,omitempty"`
	At   time.Time `json:"at"`
}

func (s Service) registerActions(api huma.API) {
	httpkit.Register(api, operation(huma.Operation{
		OperationID: "list-order-actions",
		Method:      http.MethodGet,
		Path:        "/v1/orders/{id}/actions",
		Summary:     "List what operators did to an order",
		Description: "Refunds by hand are with the payment: see GET /v1/payments/{order_id}.",
		Errors:      []int{http.StatusNotFound},
	}), translate, s.actions)
}

func (s Service) actions(ctx context.Context, in *historyInput) (*actionsOutput, error) {
	id, err := orderID(in.ID, "path.id")
	if err != nil {
		return nil, err
	}
	if _, err := s.Orders.Get(ctx, id); err != nil {
		return nil, err
	}
	found, err := s.Orders.Actions(ctx, id)
	if err != nil {
		return nil, err
	}
	out := &actionsOutput{Body: orderActions{Items: make([]orderAction, len(found))}}
	for i, a := range found {
		out.Body.Items[i] = orderAction{Kind: a.Kind, By: a.By, Why: a.Why, At: a.At.UTC()}
	}
	return out, nil
}

// newAction is the checked action of an operator, with an id of its own.
func newAction(kind, by, why string) (order.Action, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return order.Action{}, fmt.Errorf("make the id of an action: %w", err)
	}
	a := order.Action{ID: id.String(), Kind: kind, By: by, Why: why}
	return a, a.Check()
}
