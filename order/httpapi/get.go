package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"orderly/order"
	"orderly/pkg/httpkit"
)

type getInput struct {
	ID   string `path:"id" format:"uuid" doc:"The order's id"`
	Wait string `query:"wait" example:"5s" doc:"How long to wait for the order to end, at most 30s; the answer is the order as it is then"`
}

type orderOutput struct {
	Body orderDetails
}

func (s Service) registerGet(api huma.API) {
	httpkit.Register(api, operation(huma.Operation{
		OperationID: "get-order",
		Method:      http.MethodGet,
		Path:        "/v1/orders/{id}",
		Summary:     "Get an order",
		Errors:      []int{http.StatusNotFound},
	}), translate, s.get)
}

func (s Service) get(ctx context.Context, in *getInput) (*orderOutput, error) {
	id, err := orderID(in.ID, "path.id")
	if err != nil {
		return nil, err
	}
	wait, err := parseWait(in.Wait)
	if err != nil {
		return nil, err
	}
	view, err := s.await(ctx, id, wait)
	if err != nil {
		return nil, err
	}
	return &orderOutput{Body: detailsOf(view)}, nil
}

func parseWait(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > MaxWait {
		return 0, httpkit.Invalid(httpkit.Fault{Location: "query.wait", Message: "must be a duration between 0s and 30s, as 5s or 500ms"})
	}
	return d, nil
}

// await returns the order once it has ended, or as it is when the time is up.
func (s Service) await(ctx context.Context, id string, wait time.Duration) (order.View, error) {
	view, err := s.Orders.Get(ctx, id)
	if err != nil || view.Ended() || wait == 0 {
		return view, err
	}
	// Another replica may drive the order, which nobody tells this one.
	poll := time.NewTicker(pollPause)
	defer poll.Stop()
	timeUp := time.NewTimer(wait)
	defer timeUp.Stop()
	for over := false; !over; {
		changed, stop := s.watch(id)
		view, err = s.Orders.Get(ctx, id)
		if err != nil || view.Ended() {
			stop()
			return view, err
		}
		select {
		case <-changed:
		case <-poll.C:
		case <-timeUp.C:
			over = true
		case <-httpkit.Draining(ctx):
			over = true
		case <-ctx.Done():
			over = true
		}
		stop()
	}
	return view, ctx.Err()
}

func (s Service) watch(id string) (<-chan struct{}, func()) {
	if s.Watch == nil {
		return nil, func() {}
	}
	return s.Watch(id)
}
