package httpapi

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"orderly/payment/gateway"
	"orderly/pkg/httpkit"
)

// GatewaySettings are gateway.Settings in JSON.
type GatewaySettings struct {
	Latency      string     `json:"latency,omitempty" example:"200ms" doc:"Passes before a call has its effect; at most 1h"`
	Jitter       string     `json:"jitter,omitempty" example:"50ms" doc:"Up to so much is added to the latency; at most 1h"`
	Outage       bool       `json:"outage,omitempty" doc:"Every call fails without effect, until this is set back"`
	OutageUntil  *time.Time `json:"outage_until,omitempty" doc:"The same until that time"`
	LoseAnswers  float64    `json:"lose_answers,omitempty" minimum:"0" maximum:"1" doc:"The share of calls that have their effect and then fail"`
	Decline      float64    `json:"decline,omitempty" minimum:"0" maximum:"1" doc:"The share of charges that are declined whatever their payment method"`
	Seed         uint64     `json:"seed,omitempty" maximum:"9007199254740991" doc:"Starts the random source of the shares and the jitter"`
	KeyRetention string     `json:"key_retention,omitempty" example:"24h0m0s" doc:"How long the provider remembers idempotency keys; 24h if absent"`
}

// gatewayChange is what a client may set.
type gatewayChange struct {
	GatewaySettings
	OutageFor string `json:"outage_for,omitempty" example:"30s" doc:"Instead of outage_until: an outage from now on, for so long"`
}

type gatewayOutput struct {
	Body GatewaySettings
}

type gatewayInput struct {
	httpkit.Payload
}

func (s Service) registerGetGateway(api huma.API) {
	httpkit.Register(api, huma.Operation{
		OperationID: "get-gateway",
		Method:      http.MethodGet,
		Path:        "/v1/gateway",
		Summary:     "Get the settings of the simulated payment gateway",
		Tags:        []string{"gateway"},
	}, translate, func(ctx context.Context, _ *struct{}) (*gatewayOutput, error) { return s.shown(ctx) })
}

func (s Service) registerPutGateway(api huma.API) {
	op := huma.Operation{
		OperationID: "put-gateway",
		Method:      http.MethodPut,
		Path:        "/v1/gateway",
		Summary:     "Replace the settings of the simulated payment gateway",
		Description: "What is left out is set back. The settings are kept in the gateway's ledger: all replicas that share it follow within a second, and a restart finds them.",
		Tags:        []string{"gateway"},
		Errors:      []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity},
	}
	decode := httpkit.JSONBody[gatewayChange](api, &op)
	httpkit.Register(api, op, translate, func(ctx context.Context, in *gatewayInput) (*gatewayOutput, error) {
		body, err := decode(in.Payload)
		if err != nil {
			return nil, err
		}
		settings, err := body.settings(time.Now())
		if err != nil {
			return nil, err
		}
		if err := s.Gateway.SetSettings(ctx, settings); err != nil {
			return nil, err
		}
		return s.shown(ctx)
	})
}

func (s Service) shown(ctx context.Context) (*gatewayOutput, error) {
	settings, err := s.Gateway.Settings(ctx)
	if err != nil {
		return nil, err
	}
	return &gatewayOutput{Body: settingsOf(settings)}, nil
}

func settingsOf(s gateway.Settings) GatewaySettings {
	out := GatewaySettings{
		Latency:      s.Latency.String(),
		Jitter:       s.Jitter.String(),
		Outage:       s.Outage,
		LoseAnswers:  s.LoseAnswers,
		Decline:      s.Decline,
		Seed:         s.Seed,
		KeyRetention: cmp.Or(s.KeyRetention, gateway.DefaultKeyRetention).String(),
	}
	if !s.OutageUntil.IsZero() {
		until := s.OutageUntil.UTC()
		out.OutageUntil = &until
	}
	return out
}

func (c gatewayChange) settings(now time.Time) (gateway.Settings, error) {
	var faults []httpkit.Fault
	duration := func(name, s string) time.Duration {
		if s == "" {
			return 0
		}
		d, err := time.ParseDuration(s)
		if err != nil || d < 0 {
			faults = append(faults, httpkit.Fault{Location: "body." + name, Message: "must be a duration, as 200ms or 1m30s"})
			return 0
		}
		return d
	}
	settings := gateway.Settings{
		Latency:      duration("latency", c.Latency),
		Jitter:       duration("jitter", c.Jitter),
		Outage:       c.Outage,
		LoseAnswers:  c.LoseAnswers,
		Decline:      c.Decline,
		Seed:         c.Seed,
		KeyRetention: duration("key_retention", c.KeyRetention),
	}
	outage := duration("outage_for", c.OutageFor)
	switch {
	case c.OutageUntil != nil && c.OutageFor != "":
		faults = append(faults, httpkit.Fault{Location: "body.outage_for", Message: "give outage_until or outage_for, not both"})
	case c.OutageUntil != nil:
		settings.OutageUntil = *c.OutageUntil
	case outage > 0:
		settings.OutageUntil = now.Add(outage)
	}
	if faults = append(faults, outOfRange(settings)...); len(faults) > 0 {
		return gateway.Settings{}, httpkit.Invalid(faults...)
	}
	return settings, nil
}

// outOfRange asks for each setting alone, to say which it is.
func outOfRange(s gateway.Settings) (faults []httpkit.Fault) {
	for _, one := range []struct {
		name string
		of   gateway.Settings
	}{
		{"latency", gateway.Settings{Latency: s.Latency}},
		{"jitter", gateway.Settings{Jitter: s.Jitter}},
		{"lose_answers", gateway.Settings{LoseAnswers: s.LoseAnswers}},
		{"decline", gateway.Settings{Decline: s.Decline}},
		{"key_retention", gateway.Settings{KeyRetention: s.KeyRetention}},
	} {
		if err := one.of.Validate(); err != nil {
			faults = append(faults, httpkit.Fault{Location: "body." + one.name, Message: err.Error()})
		}
	}
	return faults
}
