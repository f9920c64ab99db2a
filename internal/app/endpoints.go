package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"orderly/pkg/discovery"
	"orderly/pkg/httpkit"
)

// Endpoint is a subject at which a service answers requests, of operators and of
// other programs.
type Endpoint struct {
	Name    string
	Subject string
	// Field is what the request, a JSON object, has to hold; nothing if empty.
	Field string
}

// Endpoints declares at what subjects a service answers, beside those of NATS's
// service framework. One replica gets each request.
func Endpoints(service string) []Endpoint {
	switch service {
	case OrderService:
		return []Endpoint{{"status", "orderly.order.status", "order_id"}}
	case InventoryService:
		return []Endpoint{{"stock", "orderly.inventory.stock", "product_id"}}
	case PaymentService:
		return []Endpoint{{"gateway", "orderly.payment.gateway", ""}}
	}
	return nil
}

// healthSubject is where every replica of a service says how it is.
func healthSubject(service string) string { return "orderly." + service + ".health" }

// program is what a service is called among those of NATS.
func program(service string) string { return service + "-service" }

// AnswersAt is all that a service subscribes to in order to be found and to answer:
// what its account on NATS must allow it, with replies to inboxes. The last token
// of some is the instance.
func AnswersAt(service string) []string {
	subjects := []string{healthSubject(service)}
	for _, e := range Endpoints(service) {
		subjects = append(subjects, e.Subject)
	}
	for _, verb := range []string{"PING", "INFO", "STATS"} {
		all := "$SRV." + verb
		subjects = append(subjects, all, all+"."+program(service), all+"."+program(service)+".*")
	}
	return subjects
}

// AsksAt is where any service asks who runs, with an inbox for the answers.
func AsksAt() []string { return []string{discovery.Ask} }

// answer answers a request whose field, if the endpoint has one, is given.
type answer func(ctx context.Context, field string) (any, error)

// endpoints puts the declared endpoints and a service's answers together.
func (s *Service) endpoints() []discovery.Endpoint {
	var out []discovery.Endpoint
	for _, e := range Endpoints(s.Name) {
		answer := s.answers[e.Name]
		out = append(out, discovery.Endpoint{Name: e.Name, Subject: e.Subject, Answer: func(ctx context.Context, ask []byte) (any, error) {
			field := ""
			if e.Field != "" {
				var ok bool
				if field, ok = discovery.Field(ask, e.Field); !ok {
					return nil, refused{http.StatusBadRequest, fmt.Sprintf(`ask with a JSON object, as {"%s":"…"}`, e.Field)}
				}
			}
			out, err := answer(ctx, field)
			return out, refusal(err)
		}})
	}
	return out
}

// refused is an error that the asker may see.
type refused struct {
	status int
	text   string
}

func (r refused) Error() string  { return r.text }
func (r refused) GetStatus() int { return r.status }

// refusal says all that a problem has to say in one line.
func refusal(err error) error {
	var p *httpkit.Problem
	if !errors.As(err, &p) {
		return err
	}
	text := p.Error()
	for _, f := range p.Errors {
		text += "; " + f.Location + ": " + f.Message
	}
	return refused{p.Status, text}
}
