package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"orderly/order"
	"orderly/pkg/httpkit"
)

// Channel is how far a service has come with one of the things that it hears.
type Channel struct {
	Service   string    `json:"service"`
	Stream    string    `json:"stream"`
	Consumer  string    `json:"consumer"`
	Priority  string    `json:"priority" doc:"The orders that it is for"`
	Exists    bool      `json:"exists" doc:"Without the consumer nobody listens"`
	Pulls     int       `json:"pulls" doc:"Requests for messages that wait at the broker; none while a service is away, or takes nothing in"`
	Waiting   uint64    `json:"waiting" doc:"Messages that nobody got yet"`
	InHand    int       `json:"in_hand" doc:"Messages that a process got and has not finished"`
	Lag       string    `json:"lag" example:"1.5s" doc:"How long the oldest of those waits that nobody got yet"`
	Delivered time.Time `json:"delivered,omitzero" doc:"When somebody last got one"`
}

// StuckOrder is an open order without progress.
type StuckOrder struct {
	OrderSummary
	WaitsFor    []string  `json:"waits_for" nullable:"false" doc:"Whose answers the order misses"`
	Deadline    time.Time `json:"deadline" doc:"It is cancelled then if it has not ended"`
	Redrives    int       `json:"redrives" doc:"How often it was announced again since its last progress"`
	NextRedrive time.Time `json:"next_redrive" doc:"When it is announced again, if nothing holds that back"`
}

const stuckKind = "stuck"

type stuckInput struct {
	For    string `query:"for" default:"1m" example:"1m" doc:"Without progress for longer than this"`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many orders a page has at most"`
	Cursor string `query:"cursor" maxLength:"255" doc:"next of the page before"`
}

type stuckOutput struct {
	Body stuckPage
}

type stuckPage struct {
	Items    []StuckOrder `json:"items" nullable:"false" doc:"The oldest first"`
	Next     string       `json:"next,omitempty" doc:"The cursor of the next page; absent on the last"`
	Channels []Channel    `json:"channels" nullable:"false" doc:"How far each service has come; empty if no order is stuck"`
	Broker   string       `json:"broker,omitempty" doc:"Why the broker does not tell of the channels"`
}

func (s Service) registerStuck(api huma.API) {
	httpkit.Register(api, operation(huma.Operation{
		OperationID: "list-stuck-orders",
		Method:      http.MethodGet,
		Path:        "/v1/orders/stuck",
		Summary:     "List open orders without progress",
		Description: "What the order service knows of them and of the way to the others. How far another service has come with an order " +
			"is for that service to tell: GET /v1/reservations/{order_id}, GET /v1/payments/{order_id}.",
	}), translate, s.stuck)
}

func (s Service) stuck(ctx context.Context, in *stuckInput) (*stuckOutput, error) {
	filter, err := in.filter()
	if err != nil {
		return nil, err
	}
	found, err := s.Orders.Stuck(ctx, filter)
	if err != nil {
		return nil, err
	}
	out := &stuckOutput{Body: stuckPage{Items: make([]StuckOrder, 0, len(found)), Channels: []Channel{}}}
	if len(found) > in.Limit {
		found = found[:in.Limit]
		out.Body.Next = httpkit.Cursor(stuckKind, found[in.Limit-1].ID)
	}
	for _, o := range found {
		out.Body.Items = append(out.Body.Items, stuckOf(o))
	}
	if len(found) > 0 && s.Channels != nil {
		out.Body.tellChannels(ctx, s.Channels)
	}
	return out, nil
}

// tellChannels does without them where the broker is what everybody waits for.
func (p *stuckPage) tellChannels(ctx context.Context, channels func(context.Context) ([]Channel, error)) {
	found, err := channels(ctx)
	if err != nil {
		p.Broker = err.Error()
		return
	}
	p.Channels = found
}

func stuckOf(o order.Order) StuckOrder {
	return StuckOrder{
		OrderSummary: summaryOf(o),
		WaitsFor:     o.WaitsFor(),
		Deadline:     o.Deadline.UTC(),
		Redrives:     o.Redrives,
		NextRedrive:  o.NextRedrive.UTC(),
	}
}

// filter asks for one order more than the page has, to see whether there is a
// next one.
func (in *stuckInput) filter() (order.StuckFilter, error) {
	f := order.StuckFilter{Limit: in.Limit + 1}
	var err error
	if f.For, err = time.ParseDuration(in.For); err != nil || f.For < 0 {
		return f, httpkit.Invalid(httpkit.Fault{Location: "query.for", Message: "must be a duration, as 30s or 5m"})
	}
	after, err := httpkit.ParseCursor(stuckKind, in.Cursor)
	if err != nil || after == "" {
		return f, err
	}
	if f.After, err = orderID(after, "query.cursor"); err != nil {
		return f, httpkit.BadCursor()
	}
	return f, nil
}
