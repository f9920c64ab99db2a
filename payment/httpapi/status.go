package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"orderly/pkg/breaker"
	"orderly/pkg/httpkit"
)

// Calls is the stage of the calls to the gateway; *engine.Engine is one.
type Calls interface {
	// Calls returns how many calls have no outcome yet.
	Calls() int
}

// Breaker stands before the calls; *breaker.Breaker is one.
type Breaker interface {
	Status() breaker.Status
}

// gatewayStatus is how one replica sees the gateway.
type gatewayStatus struct {
	Replica   string     `json:"replica" doc:"The process that answers: each sees the gateway for itself" example:"payment-1/4711"`
	State     string     `json:"state" enum:"closed,open,half_open" doc:"Of the breaker. closed: calls are made; open: none is made, until the next probe; half_open: a few probe"`
	Since     time.Time  `json:"since" doc:"Since when calls are made, or are not"`
	Reason    string     `json:"reason,omitempty" doc:"The failure that opened it, or the last probe's"`
	NextProbe *time.Time `json:"next_probe,omitempty" doc:"When a few calls are let through again, as a try"`
	Calls     int        `json:"calls" doc:"Calls whose outcome is not known yet, those that wait among them"`
	Succeeded uint64     `json:"succeeded" doc:"Tries that the gateway answered since the process started; a decline is an answer"`
	Failed    uint64     `json:"failed" doc:"Tries without an answer, or with nonsense for one"`
	Opened    uint64     `json:"opened" doc:"How often the breaker has opened"`
}

type statusOutput struct {
	Body gatewayStatus
}

func (s Service) registerGatewayStatus(api huma.API) {
	httpkit.Register(api, huma.Operation{
		OperationID: "get-gateway-status",
		Method:      http.MethodGet,
		Path:        "/v1/gateway/status",
		Summary:     "Get how a replica sees the payment gateway",
		Description: "While its breaker is open a replica makes no call, and reads no more of what leads to charges: that waits in its stream.",
		Tags:        []string{"gateway"},
	}, translate, func(context.Context, *struct{}) (*statusOutput, error) {
		return &statusOutput{Body: s.status()}, nil
	})
}

func (s Service) status() gatewayStatus {
	b := s.Breaker.Status()
	out := gatewayStatus{
		Replica:   s.Replica,
		State:     string(b.State),
		Since:     b.Since.UTC(),
		Reason:    b.Reason,
		Calls:     s.Calls.Calls(),
		Succeeded: b.Succeeded,
		Failed:    b.Failed,
		Opened:    b.Opened,
	}
	if !b.NextProbe.IsZero() {
		next := b.NextProbe.UTC()
		out.NextProbe = &next
	}
	return out
}
