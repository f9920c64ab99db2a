package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"orderly/events"
	"orderly/order"
	"orderly/pkg/httpkit"
)

// The limits in the tags are for the document; order.Place checks them.
type placeBody struct {
	CustomerID    string            `json:"customer_id" minLength:"1" maxLength:"64" pattern:"^[A-Za-z0-9_-]+$" example:"customer-1" doc:"Who orders"`
	Currency      string            `json:"currency" pattern:"^[A-Z]{3}$" example:"EUR" doc:"ISO 4217 code; all products must be priced in it"`
	Items         []placeItem       `json:"items" nullable:"false" minItems:"1" maxItems:"1000" doc:"What is ordered; lines of one product are added up"`
	Country       string            `json:"customer_country,omitempty" pattern:"^[A-Z]{2}$" example:"GB" doc:"Where the customer is, as an ISO 3166-1 code of two letters"`
	Channel       string            `json:"channel,omitempty" pattern:"^[a-z0-9_-]{1,32}$" example:"web" doc:"Where the order was placed: the name is yours"`
	PaymentMethod string            `json:"payment_method" minLength:"1" maxLength:"64" pattern:"^[A-Za-z0-9_-]+$" example:"pm_card_visa" doc:"The payment provider's name for what is charged"`
	Priority      *string           `json:"priority,omitempty" nullable:"false" enum:"standard,express" default:"standard" doc:"Express orders pass the standard ones that wait, at every step"`
	ExpectedTotal *int64            `json:"expected_total,omitempty" minimum:"0" maximum:"9007199254740991" doc:"The total that the customer saw, in minor units; the order is cancelled if it is another by now"`
	Metadata      map[string]string `json:"metadata,omitempty" maxProperties:"16" doc:"The caller's own notes: names of up to 64 and values of up to 500 printable characters"`
}

type placeItem struct {
	ProductID string `json:"product_id" minLength:"1" maxLength:"64" pattern:"^[A-Za-z0-9_-]([A-Za-z0-9_ -]*[A-Za-z0-9_-])?$" example:"espresso-beans"`
	Quantity  int64  `json:"quantity" minimum:"1" maximum:"2147483647" example:"2"`
	UnitPrice *int64 `json:"unit_price,omitempty" minimum:"0" maximum:"9007199254740991" doc:"The price of one unit that the customer saw, in minor units; if all items have one, their total is the expected_total"`
}

type placeInput struct {
	IdempotencyKey string `header:"Idempotency-Key" minLength:"1" maxLength:"255" pattern:"^[!-~][ -~]*$" patternDescription:"printable ASCII" doc:"Makes the request safe to repeat: the same key and body make one order and get one answer"`
	httpkit.Payload
}

type placeOutput struct {
	Location string `header:"Location" doc:"The order's address"`
	Replayed string `header:"Idempotent-Replayed" enum:"true" doc:"Present if the request had been accepted before"`
	Body     placedBody
}

type placedBody struct {
	OrderID    string    `json:"order_id" format:"uuid"`
	Status     string    `json:"status" enum:"pending" doc:"As the order was accepted, whatever became of it since"`
	CustomerID string    `json:"customer_id"`
	Currency   string    `json:"currency"`
	CreatedAt  time.Time `json:"created_at"`
}

func (s Service) registerPlace(api huma.API) {
	op := operation(huma.Operation{
		OperationID:   "place-order",
		Method:        http.MethodPost,
		Path:          "/v1/orders",
		Summary:       "Place an order",
		Description:   "The order is durable when it is answered. It ends by itself, confirmed or cancelled: see Location.",
		DefaultStatus: http.StatusAccepted,
		Errors:        []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType},
	})
	decode := httpkit.JSONBody[placeBody](api, &op)
	httpkit.Register(api, op, translate, func(ctx context.Context, in *placeInput) (*placeOutput, error) {
		body, err := decode(in.Payload)
		if err != nil {
			return nil, err
		}
		return s.place(ctx, body, in.IdempotencyKey)
	})
}

func (s Service) place(ctx context.Context, body placeBody, key string) (*placeOutput, error) {
	command, err := body.command(key)
	if err != nil {
		return nil, err
	}
	command.CorrelationID, command.TraceParent = httpkit.CorrelationID(ctx), httpkit.TraceParent(ctx)
	reply, err := s.do(ctx, command, command.Lane)
	if err != nil {
		return nil, err
	}
	accepted, ok := reply.(order.Accepted)
	if !ok {
		return nil, fmt.Errorf("place order %s: unexpected reply %T", command.ID, reply)
	}
	out := &placeOutput{
		Location: location(accepted.OrderID),
		Body: placedBody{
			OrderID:    accepted.OrderID,
			Status:     string(order.Pending),
			CustomerID: body.CustomerID,
			Currency:   body.Currency,
			CreatedAt:  accepted.CreatedAt.UTC(),
		},
	}
	if accepted.Replayed {
		out.Replayed = "true"
	}
	return out, nil
}

// command is the checked command for the request, with an id of its own.
func (b placeBody) command(key string) (order.Place, error) {
	hash, err := b.hash(key)
	if err != nil {
		return order.Place{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return order.Place{}, fmt.Errorf("make an order id: %w", err)
	}
	p := order.Place{
		ID:         id.String(),
		CustomerID: b.CustomerID,
		Currency:   b.Currency,
		Lane:       b.lane(),
		Request: order.Request{
			Country:            b.Country,
			Channel:            b.Channel,
			PaymentMethod:      b.PaymentMethod,
			Items:              make([]events.ItemV2, len(b.Items)),
			ExpectedTotalMinor: b.ExpectedTotal,
			Metadata:           b.Metadata,
		},
		IdempotencyKey: key,
		RequestHash:    hash,
	}
	for i, it := range b.Items {
		p.Request.Items[i] = events.ItemV2{ProductID: it.ProductID, Quantity: it.Quantity, UnitPriceMinor: it.UnitPrice}
	}
	return p, p.Check()
}

// lane is the priority that was asked for, good or bad.
func (b placeBody) lane() string {
	if b.Priority == nil {
		return order.Standard
	}
	return *b.Priority
}

// hash tells the request from another one under the same key. It is of the
// body as it was understood, so that spaces and the order of fields do not
// matter. A field added to the body later must be left out here when it is
// empty: keys outlive a release.
func (b placeBody) hash(key string) (string, error) {
	if key == "" {
		return "", nil
	}
	if b.lane() == order.Standard { // said or not
		b.Priority = nil
	}
	canonical, err := json.Marshal(b)
	if err != nil {
		return "", fmt.Errorf("hash the request: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return base64.RawStdEncoding.EncodeToString(sum[:]), nil
}
