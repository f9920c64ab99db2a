package app

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/nats-io/nats.go"

	"orderly/pkg/discovery"
	"orderly/pkg/httpkit"
)

// Instance is a replica of a service that runs.
type Instance struct {
	Standing
	ID       string    `json:"id" doc:"Of the instance, among those of NATS's service framework"`
	Version  string    `json:"version" doc:"Of the build"`
	Started  time.Time `json:"started" doc:"When it said that it runs"`
	Requests int       `json:"requests" doc:"What it was asked on NATS since"`
	Errors   int       `json:"errors" doc:"How many of those it refused or could not answer"`
}

type servicesOutput struct {
	Body servicesPage
}

type servicesPage struct {
	Items []Instance `json:"items" nullable:"false" doc:"By service, the oldest first"`
}

// whoTimeout is for a system with many replicas.
const whoTimeout = 3 * time.Second

// ServiceRoutes adds the operation that tells who runs: it asks all services,
// over NATS.
func ServiceRoutes(api huma.API, nc *nats.Conn) {
	httpkit.Register(api, huma.Operation{
		OperationID: "list-services",
		Method:      http.MethodGet,
		Path:        "/v1/services",
		Summary:     "List the services that run",
		Description: "All replicas are asked over NATS; one that does not answer within a moment is not there.",
		Tags:        []string{"services"},
		Errors:      []int{http.StatusServiceUnavailable},
	}, func(err error) *httpkit.Problem {
		return httpkit.Unavailable(err.Error(), time.Second) // NATS is away
	}, func(ctx context.Context, _ *struct{}) (*servicesOutput, error) {
		ctx, cancel := context.WithTimeout(ctx, whoTimeout)
		defer cancel()
		found, err := discovery.Who(ctx, nc)
		if err != nil {
			return nil, err
		}
		return &servicesOutput{servicesPage{instances(found)}}, nil
	})
}

// instances passes over services that are not Orderly's.
func instances(found []discovery.Instance) []Instance {
	out := []Instance{}
	for _, one := range found {
		i := Instance{ID: one.ID, Version: one.Version, Started: one.Started, Requests: one.Requests, Errors: one.Errors}
		if one.Metadata["system"] == "orderly" && json.Unmarshal(one.Status, &i.Standing) == nil {
			out = append(out, i)
		}
	}
	return out
}
