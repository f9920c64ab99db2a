package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"orderly/events"
	"orderly/order"
	"orderly/pkg/httpkit"
)

const cursorKind = "order"

type listInput struct {
	Status     string `query:"status" enum:"pending,reserved,confirmed,cancelled" doc:"Only orders that are this"`
	CustomerID string `query:"customer_id" maxLength:"64" doc:"Only orders of this customer"`
	Limit      int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many orders a page has at most"`
	Cursor     string `query:"cursor" maxLength:"255" doc:"next of the page before"`
}

type listOutput struct {
	Body orderPage
}

type orderPage struct {
	Items []OrderSummary `json:"items" nullable:"false" doc:"The newest first"`
	Next  string         `json:"next,omitempty" doc:"The cursor of the next page; absent on the last"`
}

func (s Service) registerList(api huma.API) {
	httpkit.Register(api, operation(huma.Operation{
		OperationID: "list-orders",
		Method:      http.MethodGet,
		Path:        "/v1/orders",
		Summary:     "List orders",
	}), translate, s.list)
}

func (s Service) list(ctx context.Context, in *listInput) (*listOutput, error) {
	filter, err := in.filter()
	if err != nil {
		return nil, err
	}
	found, err := s.Orders.List(ctx, filter)
	if err != nil {
		return nil, err
	}
	out := &listOutput{Body: orderPage{Items: make([]OrderSummary, 0, len(found))}}
	if len(found) > in.Limit {
		found = found[:in.Limit]
		out.Body.Next = httpkit.Cursor(cursorKind, found[in.Limit-1].ID)
	}
	for _, o := range found {
		out.Body.Items = append(out.Body.Items, summaryOf(o))
	}
	return out, nil
}

// filter asks for one order more than the page has, to see whether there is a
// next one.
func (in *listInput) filter() (order.Filter, error) {
	f := order.Filter{Status: order.Status(in.Status), CustomerID: in.CustomerID, Limit: in.Limit + 1}
	if in.CustomerID != "" {
		if err := events.CheckID(in.CustomerID); err != nil {
			return f, httpkit.Invalid(httpkit.Fault{Location: "query.customer_id", Message: err.Error()})
		}
	}
	before, err := httpkit.ParseCursor(cursorKind, in.Cursor)
	if err != nil || before == "" {
		return f, err
	}
	if f.Before, err = orderID(before, "query.cursor"); err != nil {
		return f, httpkit.BadCursor()
	}
	return f, nil
}
