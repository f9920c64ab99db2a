package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"orderly/payment"
	"orderly/payment/sqlstore"
	"orderly/pkg/engine"
	"orderly/pkg/event"
	"orderly/pkg/httpkit"
)

const commandTimeout = 10 * time.Second

// Commands decides commands; *engine.Engine does.
type Commands interface {
	// Do returns the decision's reply once it is durable.
	Do(ctx context.Context, body any, meta engine.Meta) (any, error)
}

// Credit is a refund by hand as the API shows it.
type Credit struct {
	CreditID    string     `json:"credit_id" format:"uuid"`
	OrderID     string     `json:"order_id" format:"uuid"`
	State       string     `json:"state" enum:"pending,given,refused" doc:"pending: it has no outcome yet, and is repeated until it has"`
	AmountMinor int64      `json:"amount_minor" doc:"In minor units"`
	Currency    string     `json:"currency"`
	Why         string     `json:"why"`
	By          string     `json:"by"`
	Refusal     string     `json:"refusal,omitempty" doc:"What the provider said: why it will never give it, or, while it is pending, what contradicts the request and has to be asked of the provider"`
	AskedAt     time.Time  `json:"asked_at"`
	SettledAt   *time.Time `json:"settled_at,omitempty" doc:"When its outcome was known"`
}

// The limits in the tags are for the document; payment.AskCredit checks them.
type creditBody struct {
	AmountMinor *int64 `json:"amount_minor,omitempty" minimum:"1" maximum:"9007199254740991" doc:"How much to give back, in minor units; all that is left if absent"`
	Currency    string `json:"currency,omitempty" pattern:"^[A-Z]{3}$" example:"EUR" doc:"The ISO 4217 code that the amount is in; absent without an amount"`
	Why         string `json:"why" minLength:"1" maxLength:"500" doc:"The reason; it is kept, and sent to nobody"`
	By          string `json:"by" minLength:"1" maxLength:"64" doc:"Who decided so"`
}

type creditInput struct {
	OrderID        string `path:"order_id" format:"uuid" doc:"The order's id"`
	IdempotencyKey string `header:"Idempotency-Key" required:"true" minLength:"1" maxLength:"255" pattern:"^[!-~][ -~]*$" patternDescription:"printable ASCII" doc:"Makes the request safe to repeat: the same key is one refund of the order, for ever"`
	httpkit.Payload
}

type creditOutput struct {
	Replayed string `header:"Idempotent-Replayed" enum:"true" doc:"Present if the request had been accepted before"`
	Body     Credit
}

func (s Service) registerCredit(api huma.API) {
	op := huma.Operation{
		OperationID: "credit-payment",
		Method:      http.MethodPost,
		Path:        "/v1/payments/{order_id}/credits",
		Summary:     "Refund by hand",
		Description: "Gives back a part of what was captured for an order, or all that is left of it. The order stays confirmed. " +
			"The refund is durable when it is answered, and then repeated until the provider's answer is known: see GET /v1/payments/{order_id}. " +
			"One at a time: another one of the same order is refused until then. The same request with the same key tells the order service again of one that was given.",
		Tags:          []string{"payments"},
		DefaultStatus: http.StatusAccepted,
		Errors: []int{http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity, http.StatusServiceUnavailable},
	}
	decode := httpkit.JSONBody[creditBody](api, &op)
	httpkit.Register(api, op, translate, func(ctx context.Context, in *creditInput) (*creditOutput, error) {
		body, err := decode(in.Payload)
		if err != nil {
			return nil, err
		}
		id, err := orderID(in.OrderID)
		if err != nil {
			return nil, err
		}
		return s.credit(ctx, id, in.IdempotencyKey, body)
	})
}

func (s Service) credit(ctx context.Context, orderID, key string, body creditBody) (*creditOutput, error) {
	ask, err := body.ask(orderID, key)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	reply, err := s.Engine.Do(ctx, ask, httpkit.Meta(ctx))
	if err != nil {
		return nil, err
	}
	asked, ok := reply.(sqlstore.Asked)
	if !ok {
		return nil, fmt.Errorf("credit order %s: unexpected reply %T", orderID, reply)
	}
	out := &creditOutput{Body: creditOf(asked.Credit)}
	if asked.Replayed {
		out.Replayed = "true"
	}
	return out, nil
}

// ask is the checked command for the request. Its id is that of the order's key.
func (b creditBody) ask(orderID, key string) (payment.AskCredit, error) {
	a := payment.AskCredit{ID: event.DeriveID(orderID, "credit/"+key), OrderID: orderID, Currency: b.Currency, Why: b.Why, By: b.By}
	switch {
	case b.AmountMinor == nil && b.Currency != "":
		return a, httpkit.Invalid(httpkit.Fault{Location: "body.currency", Message: "has no meaning without amount_minor"})
	case b.AmountMinor != nil && *b.AmountMinor <= 0:
		return a, httpkit.Invalid(httpkit.Fault{Location: "body.amount_minor", Message: "must be at least 1; leave it out to give back all that is left"})
	case b.AmountMinor != nil:
		a.AmountMinor = *b.AmountMinor
	}
	return a, a.Check()
}

func creditOf(c payment.Credit) Credit {
	out := Credit{
		CreditID:    c.ID,
		OrderID:     c.OrderID,
		State:       string(c.State),
		AmountMinor: c.AmountMinor,
		Currency:    c.Currency,
		Why:         c.Why,
		By:          c.By,
		Refusal:     c.Refusal,
		AskedAt:     c.At.UTC(),
	}
	if !c.SettledAt.IsZero() {
		at := c.SettledAt.UTC()
		out.SettledAt = &at
	}
	return out
}
