package dlqapi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"orderly/pkg/engine"
	"orderly/pkg/httpkit"
)

// Services are the dead letters that a process can show, by the names of its
// services.
type Services map[string]*engine.DeadLetters

const path = "/v1/dead-letters/{service}"

// actionTimeout is less than whatever is in front waits for a write.
const actionTimeout = 6 * time.Second

// Register adds the operations to an API. It panics if they are there already.
func Register(api huma.API, s Services) {
	s.registerList(api)
	s.registerGet(api)
	registerAction[replay](api, s, huma.Operation{
		OperationID: "replay-dead-letters",
		Path:        path + "/replay",
		Summary:     "Decide dead letters again",
		Description: "Each is decided like an event of its own under its old id, so that what was handled before has no second effect. Of any number who replay a letter at once, one does. A replay that fails leaves the letter dead, with one more attempt.",
	})
	registerAction[discard](api, s, huma.Operation{
		OperationID: "discard-dead-letters",
		Path:        path + "/discard",
		Summary:     "Give dead letters up",
		Description: "They are never handled. They stay in the table, with who decided so and why.",
	})
	registerAction[republish](api, s, huma.Operation{
		OperationID: "republish-dead-letters",
		Path:        path + "/republish",
		Summary:     "Publish letters that are dead once more",
		Description: "After a loss of their stream. Readers tell copies by dlq-id.",
	})
}

// operation fills in what the operations have in common.
func operation(op huma.Operation) huma.Operation {
	op.Tags = []string{"dead letters"}
	op.Errors = append(op.Errors, http.StatusNotFound, http.StatusUnprocessableEntity, http.StatusServiceUnavailable)
	return op
}

// of returns the letters of a service.
func (s Services) of(service string) (*engine.DeadLetters, error) {
	letters, ok := s[service]
	if !ok {
		return nil, httpkit.NewProblem(http.StatusNotFound, "service-not-here", "This process does not run the service",
			fmt.Sprintf("there is no service %q in this process, it runs: %s", service, strings.Join(slices.Sorted(maps.Keys(s)), ", ")))
	}
	return letters, nil
}

// translate is the one place that maps the engine's errors to answers.
func translate(err error) *httpkit.Problem {
	switch {
	case errors.Is(err, engine.ErrNoLetter):
		return httpkit.NewProblem(http.StatusNotFound, "dead-letter-not-found", "There is no such dead letter", err.Error())
	case errors.Is(err, engine.ErrAct):
		return httpkit.Invalid(httpkit.Fault{Location: "body", Message: err.Error()})
	}
	return nil
}

// Result is what came of an action for one letter.
type Result struct {
	ID      string `json:"id" doc:"The letter's id"`
	Outcome string `json:"outcome" enum:"replayed,calling,failed,discarded,published,already,unknown,pending,would_replay" doc:"already: it was not dead any more, and nothing was done; pending: it takes longer, look at it later"`
	Detail  string `json:"detail,omitempty" doc:"For a person"`
}

type resultsOutput struct {
	Body results
}

type results struct {
	Results []Result `json:"results" nullable:"false" doc:"One for each id, in their order"`
}

func resultsOf(found []engine.LetterResult) *resultsOutput {
	out := &resultsOutput{Body: results{Results: make([]Result, len(found))}}
	for i, r := range found {
		out.Body.Results[i] = Result{ID: r.ID, Outcome: string(r.Outcome), Detail: r.Detail}
	}
	return out
}

// maxIDs is how many letters one request is about.
const maxIDs = 256

// checkIDs refuses none, too many, and one that is given twice.
func checkIDs(ids []string) error {
	if len(ids) == 0 || len(ids) > maxIDs {
		return httpkit.Invalid(httpkit.Fault{Location: "body.ids", Message: fmt.Sprintf("must have between 1 and %d ids", maxIDs)})
	}
	seen := make(map[string]bool, len(ids))
	for i, id := range ids {
		if seen[id] {
			return httpkit.Invalid(httpkit.Fault{Location: fmt.Sprintf("body.ids[%d]", i), Message: "is given more than once"})
		}
		seen[id] = true
	}
	return nil
}

type actionInput struct {
	Service string `path:"service" maxLength:"64" doc:"The service whose letters they are"`
	httpkit.Payload
}

// action is what an operation asks for about some letters.
type action interface {
	letters() []string
	run(ctx context.Context, letters *engine.DeadLetters) ([]engine.LetterResult, error)
}

// registerAction adds an operation that does something about letters.
func registerAction[B action](api huma.API, s Services, op huma.Operation) {
	op.Method = http.MethodPost
	op.Errors = []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType}
	op = operation(op)
	decode := httpkit.JSONBody[B](api, &op)
	httpkit.Register(api, op, translate, func(ctx context.Context, in *actionInput) (*resultsOutput, error) {
		letters, err := s.of(in.Service)
		if err != nil {
			return nil, err
		}
		body, err := decode(in.Payload)
		if err != nil {
			return nil, err
		}
		if err := checkIDs(body.letters()); err != nil {
			return nil, err
		}
		ctx, cancel := context.WithTimeout(ctx, actionTimeout)
		defer cancel()
		found, err := body.run(ctx, letters)
		if err != nil {
			return nil, err
		}
		return resultsOf(found), nil
	})
}
