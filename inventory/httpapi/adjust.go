package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"orderly/inventory"
	"orderly/pkg/httpkit"
)

type adjustBody struct {
	Delta  int64  `json:"delta" minimum:"-9007199254740991" maximum:"9007199254740991" example:"100" doc:"Units that came, or below zero that went; not zero"`
	Reason string `json:"reason" minLength:"1" maxLength:"200" example:"delivery 4711"`
}

type adjustInput struct {
	ID             string `path:"id" example:"espresso-beans" doc:"The product's id"`
	IdempotencyKey string `header:"Idempotency-Key" minLength:"1" maxLength:"255" pattern:"^[!-~][ -~]*$" patternDescription:"printable ASCII" doc:"Makes the request safe to repeat: the same key and body adjust the product's stock once and get one answer"`
	httpkit.Payload
}

type adjustOutput struct {
	Replayed string `header:"Idempotent-Replayed" enum:"true" doc:"Present if the request had been applied before"`
	Body     stockLevel
}

type stockLevel struct {
	ProductID string `json:"product_id"`
	OnHand    int64  `json:"on_hand" doc:"As it was right after the adjustment"`
	Available int64  `json:"available" doc:"As it was right after the adjustment"`
}

func (s Service) registerAdjust(api huma.API) {
	op := operation(huma.Operation{
		OperationID: "adjust-stock",
		Method:      http.MethodPost,
		Path:        "/v1/products/{id}/stock",
		Summary:     "Add units to a product's stock, or take some away",
		Errors: []int{
			http.StatusBadRequest, http.StatusNotFound, http.StatusConflict,
			http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType,
		},
		DefaultStatus: http.StatusOK,
	})
	decode := httpkit.JSONBody[adjustBody](api, &op)
	httpkit.Register(api, op, translate, func(ctx context.Context, in *adjustInput) (*adjustOutput, error) {
		body, err := decode(in.Payload)
		if err != nil {
			return nil, err
		}
		return s.adjust(ctx, in, body)
	})
}

func (s Service) adjust(ctx context.Context, in *adjustInput, body adjustBody) (*adjustOutput, error) {
	hash, err := body.hash()
	if err != nil {
		return nil, err
	}
	key, err := in.key()
	if err != nil {
		return nil, err
	}
	command := inventory.Adjust{
		ProductID:      in.ID,
		Delta:          body.Delta,
		Reason:         body.Reason,
		IdempotencyKey: key,
		RequestHash:    hash,
	}
	if err := command.Check(); err != nil {
		return nil, err
	}
	reply, err := s.do(ctx, command)
	if err != nil {
		return nil, err
	}
	a, ok := reply.(inventory.Adjusted)
	if !ok {
		return nil, fmt.Errorf("adjust stock of product %s: unexpected reply %T", in.ID, reply)
	}
	out := &adjustOutput{Body: stockLevel{ProductID: a.ProductID, OnHand: a.OnHand, Available: a.Available}}
	if a.Replayed && in.IdempotencyKey != "" {
		out.Replayed = "true"
	}
	return out, nil
}

// key is the client's or, without one, a key that no client can send, because a
// header's value does not begin with a space: the store applies the adjustment
// once, also when it has to run it again, and takes no other request for it.
func (in *adjustInput) key() (string, error) {
	if in.IdempotencyKey != "" {
		return in.IdempotencyKey, nil
	}
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make a key for the adjustment: %w", err)
	}
	return " " + id.String(), nil
}

// hash tells the request from another one under the same key. It is of the
// body as it was understood, so that spaces and the order of fields do not
// matter.
func (b adjustBody) hash() (string, error) {
	canonical, err := json.Marshal(b)
	if err != nil {
		return "", fmt.Errorf("hash the request: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return base64.RawStdEncoding.EncodeToString(sum[:]), nil
}
