package httpkit

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"orderly/pkg/engine"
)

// Mux is where an API puts its routes; *http.ServeMux is one.
type Mux = humago.Mux

// NewAPI returns an API on mux that answers every failure with a [Problem],
// refuses query parameters that it does not know, and describes itself at
// /openapi.json and /openapi.yaml. It serves no documentation page, because
// that would load scripts from elsewhere.
func NewAPI(mux Mux, title, version string) huma.API {
	config := huma.DefaultConfig(title, version)
	config.CreateHooks = nil // they add "$schema" to every answer
	config.DocsPath = ""
	config.SchemasPath = ""
	config.RejectUnknownQueryParameters = true
	config.Transformers = []huma.Transformer{transform}
	config.Components.Schemas.RegisterTypeAlias(reflect.TypeFor[huma.ErrorModel](), reflect.TypeFor[Problem]())
	document := config.Components
	document.Parameters = map[string]*huma.Param{correlation: {
		Name: CorrelationHeader, In: "header", Schema: correlationSchema(),
		Description: "Names the request in its answer, in logs and in all events that it leads to; made if absent",
	}}
	document.Headers = map[string]*huma.Header{correlation: {
		Schema: correlationSchema(), Description: "Names the request: the id that it came with, or the one that was made",
	}}
	return humago.New(mux, config)
}

// correlation is what the document calls CorrelationHeader.
const correlation = "CorrelationID"

func correlationSchema() *huma.Schema {
	shortest, longest := 1, maxCorrelationID
	return &huma.Schema{Type: huma.TypeString, MinLength: &shortest, MaxLength: &longest, Pattern: "^[!-~]+$"}
}

// transform makes a Problem of the errors of huma's own, and names the request
// in all of them.
func transform(ctx huma.Context, _ string, v any) (any, error) {
	var p Problem
	switch e := v.(type) {
	case *huma.ErrorModel:
		p = *standard(e.Status, e.Detail)
		if len(e.Errors) > 0 {
			p = *refusal(e.Status, faultsOf(e.Errors))
		}
	case *Problem:
		p = *e
	default:
		return v, nil
	}
	p.CorrelationID = CorrelationID(ctx.Context())
	return &p, nil
}

// Translate says which problem an error of a service is; nil if it is none of
// the service's own. It is the one place where a service maps its errors.
type Translate func(error) *Problem

// Register adds an operation. A parameter that is empty or given more than once
// is refused, as a bad one is, before its handler is asked. What its handler returns as an error becomes a
// [Problem]: by itself if it is one, by translate, by this package for the
// engine's and the context's errors, and otherwise as a 500 that tells nothing
// of the error, which [NewHandler] logs.
func Register[I, O any](api huma.API, op huma.Operation, translate Translate, handler func(context.Context, *I) (*O, error)) {
	// Huma reads and decodes each body that it knows of. The bodies here are
	// the handler's to read (see JSONBody), so huma learns of them afterwards,
	// for the document.
	var content map[string]*huma.MediaType
	if op.RequestBody != nil {
		content, op.RequestBody.Content = op.RequestBody.Content, nil
	}
	op.Middlewares = append(op.Middlewares, checkParameters(api))
	op.Parameters = append(op.Parameters, &huma.Param{Ref: "#/components/parameters/" + correlation})
	op.Responses = make(map[string]*huma.Response) // huma fills it in
	huma.Register(api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err != nil {
			return nil, problemOf(ctx, err, translate)
		}
		return out, nil
	})
	if op.RequestBody != nil {
		op.RequestBody.Content = content
	}
	for _, r := range op.Responses {
		if r.Headers == nil {
			r.Headers = make(map[string]*huma.Header)
		}
		r.Headers[CorrelationHeader] = &huma.Header{Ref: "#/components/headers/" + correlation}
	}
}

// AsProblem returns an error of a service as the [Problem] that it is, or that
// translate makes of it, and any other as it came: for answers that do not go over
// HTTP.
func AsProblem(err error, translate Translate) error {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	if p = translate(err); p != nil {
		return p
	}
	return err
}

func problemOf(ctx context.Context, err error, translate Translate) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	if p = translate(err); p != nil {
		return p
	}
	exchangeOf(ctx).failure = err
	switch {
	case errors.Is(err, engine.ErrStopped):
		return Unavailable("the service is stopping, send the request again", time.Second)
	case errors.Is(err, engine.ErrBusy), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return Unavailable("the service is busy or its database is away; whether the request took effect is not known, so send it again with the same Idempotency-Key", time.Second)
	}
	return internal()
}

func internal() *Problem {
	return standard(http.StatusInternalServerError, "the failure is logged under this request's correlation id")
}
