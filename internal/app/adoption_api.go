package app

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"orderly/internal/adoption"
	"orderly/pkg/httpkit"
)

// adoptionTimeout is for a person who waits, and a broker that elects a leader.
const adoptionTimeout = 10 * time.Second

type adoptionInput struct {
	Event string `path:"event" maxLength:"64" pattern:"^[a-z]+\\.[a-z]+$" example:"orders.created" doc:"The event's name, without a version"`
}

type adoptionOutput struct {
	Body adoption.State
}

// VersionRoutes adds to an API who says and who reads the versions of an event.
func VersionRoutes(api huma.API, js jetstream.JetStream, nc *nats.Conn) {
	a := adoptions{js: js, nc: nc, hearings: everything()}
	httpkit.Register(api, huma.Operation{
		OperationID: "list-event-versions",
		Method:      http.MethodGet,
		Path:        "/v1/events/{event}/versions",
		Summary:     "Tell who says and who reads the versions of an event",
		Description: "As the broker sees it: its streams hold the versions, its consumers filter them.",
		Tags:        []string{"events"},
		Errors:      []int{http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}, translateAdoption, func(ctx context.Context, in *adoptionInput) (*adoptionOutput, error) {
		ctx, cancel := context.WithTimeout(ctx, adoptionTimeout)
		defer cancel()
		s, err := a.state(ctx, in.Event)
		if err != nil {
			return nil, err
		}
		return &adoptionOutput{Body: s}, nil
	})
}

func translateAdoption(err error) *httpkit.Problem {
	if errors.Is(err, errNoEvent) {
		return httpkit.NewProblem(http.StatusNotFound, "event-not-known", "There is no such event", err.Error())
	}
	return httpkit.NewProblem(http.StatusServiceUnavailable, "broker-does-not-tell", "The broker does not tell", err.Error())
}
