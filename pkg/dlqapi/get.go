package dlqapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"orderly/pkg/engine"
	"orderly/pkg/httpkit"
)

type getInput struct {
	Service string `path:"service" maxLength:"64" doc:"The service whose letter it is"`
	ID      string `path:"id" maxLength:"64" doc:"The letter's id"`
}

type getOutput struct {
	Body Details
}

func (s Services) registerGet(api huma.API) {
	httpkit.Register(api, operation(huma.Operation{
		OperationID: "get-dead-letter",
		Method:      http.MethodGet,
		Path:        path + "/{id}",
		Summary:     "Get a dead letter, with its message as it came",
	}), translate, s.get)
}

func (s Services) get(ctx context.Context, in *getInput) (*getOutput, error) {
	letters, err := s.of(in.Service)
	if err != nil {
		return nil, err
	}
	if !engine.IsLetterID(in.ID) {
		return nil, httpkit.Invalid(httpkit.Fault{Location: "path.id", Message: "not the id of a dead letter: a UUID in lower case"})
	}
	l, err := letters.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &getOutput{Body: detailsOf(&l)}, nil
}
