package httpapi

import (
	"context"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"orderly/inventory"
	"orderly/pkg/httpkit"
)

type putBody struct {
	Name           string `json:"name" minLength:"1" maxLength:"200" example:"Espresso beans, 1 kg"`
	Currency       string `json:"currency" pattern:"^[A-Z]{3}$" example:"EUR" doc:"ISO 4217 code"`
	UnitPriceMinor int64  `json:"unit_price_minor" minimum:"0" maximum:"9007199254740991" example:"1990" doc:"In minor units; orders reserved before keep their price"`
}

type putInput struct {
	ID string `path:"id" example:"espresso-beans" doc:"1 to 64 letters, digits, hyphens, underscores and, inside, spaces"`
	httpkit.Payload
}

func (s Service) registerPut(api huma.API) {
	op := operation(huma.Operation{
		OperationID: "put-product",
		Method:      http.MethodPut,
		Path:        "/v1/products/{id}",
		Summary:     "Make a product, or change its name and price",
		Errors:      []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
	})
	decode := httpkit.JSONBody[putBody](api, &op)
	httpkit.Register(api, op, translate, func(ctx context.Context, in *putInput) (*productOutput, error) {
		body, err := decode(in.Payload)
		if err != nil {
			return nil, err
		}
		command := inventory.Put{ID: in.ID, Name: body.Name, Currency: body.Currency, UnitPriceMinor: body.UnitPriceMinor}
		return s.put(ctx, command)
	})
}

func (s Service) put(ctx context.Context, command inventory.Put) (*productOutput, error) {
	if err := command.Check(); err != nil {
		return nil, err
	}
	reply, err := s.do(ctx, command)
	if err != nil {
		return nil, err
	}
	p, ok := reply.(inventory.Product)
	if !ok {
		return nil, fmt.Errorf("put product %s: unexpected reply %T", command.ID, reply)
	}
	return &productOutput{Body: productOf(p)}, nil
}
