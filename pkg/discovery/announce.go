package discovery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"go.uber.org/zap"
)

// Endpoint is a subject at which a service answers. One instance gets each request.
type Endpoint struct {
	Name    string // letters, digits, - and _
	Subject string
	// Answer returns what to send as JSON. An error with a method GetStatus() int is
	// sent with that code; any other is logged, and sent as 500 without its text.
	Answer func(ctx context.Context, ask []byte) (any, error)
}

// Config says what a service is.
type Config struct {
	Name    string // letters, digits, - and _
	About   string // in a sentence
	Version string // of the build, in any form
	// Metadata tells the instance from others.
	Metadata  map[string]string
	Endpoints []Endpoint
	// Status, which is called often and must not wait for anything, says how the
	// instance is. Whoever asks at HealthSubject, and [Who], gets it as JSON, of each
	// instance.
	Status        func() any
	HealthSubject string
	// Logger may be nil.
	Logger *zap.Logger
}

// health is the name of the endpoint that tells the Status.
const health = "health"

// answerTimeout bounds an answer: who asks does not wait for longer either.
const answerTimeout = 2 * time.Second

// Announcement is a service that can be found. It ends with Stop, or with its
// connection.
type Announcement struct{ service micro.Service }

// Announce makes a service known on a connection, of which it needs no more than
// that. A connection that is broken is none that the service can be found by, until
// it is restored.
func Announce(nc *nats.Conn, cfg Config) (*Announcement, error) {
	if cfg.Logger == nil {
		cfg.Logger = zap.NewNop()
	}
	s, err := micro.AddService(nc, micro.Config{
		Name:        cfg.Name,
		Version:     version(cfg.Version),
		Description: cfg.About,
		Metadata:    cfg.Metadata,
		StatsHandler: func(e *micro.Endpoint) any {
			if e.Name == health {
				return cfg.Status()
			}
			return nil
		},
	})
	if err != nil {
		return nil, fmt.Errorf("announce the service %s: %w", cfg.Name, err)
	}
	a := &Announcement{s}
	everybody := Endpoint{Name: health, Subject: cfg.HealthSubject, Answer: func(context.Context, []byte) (any, error) { return cfg.Status(), nil }}
	err = a.add(cfg, everybody, micro.WithEndpointQueueGroupDisabled())
	for _, e := range cfg.Endpoints {
		err = errors.Join(err, a.add(cfg, e))
	}
	if err != nil {
		return nil, errors.Join(err, a.Stop())
	}
	return a, nil
}

func (a *Announcement) add(cfg Config, e Endpoint, opts ...micro.EndpointOpt) error {
	handler := micro.HandlerFunc(func(r micro.Request) {
		if err := respond(r, e); err != nil {
			cfg.Logger.Error("a request on NATS was not answered", zap.String("nats_subject", e.Subject), zap.Error(err))
		}
	})
	if err := a.service.AddEndpoint(e.Name, handler, append(opts, micro.WithEndpointSubject(e.Subject))...); err != nil {
		return fmt.Errorf("announce the service %s: endpoint %s at %s: %w", cfg.Name, e.Name, e.Subject, err)
	}
	return nil
}

// respond answers; its error is for the log.
func respond(r micro.Request, e Endpoint) error {
	ctx, cancel := context.WithTimeout(context.Background(), answerTimeout)
	defer cancel()
	answer, err := answered(ctx, e, r.Data())
	var refusal interface {
		error
		GetStatus() int
	}
	switch {
	case errors.As(err, &refusal):
		return r.Error(strconv.Itoa(refusal.GetStatus()), refusal.Error(), nil)
	case err != nil:
		return errors.Join(err, r.Error("500", "the service could not answer, its log says why", nil))
	}
	return r.RespondJSON(answer)
}

func answered(ctx context.Context, e Endpoint, ask []byte) (answer any, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return e.Answer(ctx, ask)
}

// Stop ends it: nobody finds the service from then on. A second call does nothing.
func (a *Announcement) Stop() error {
	if err := a.service.Stop(); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
		return fmt.Errorf("end the announcement of a service: %w", err)
	}
	return nil
}

var semantic = regexp.MustCompile(`^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)([-+].*)?$`)

// version is a semantic version, as the framework wants it, that shows a build's.
func version(build string) string {
	build = strings.TrimPrefix(build, "v")
	plain := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, build)
	if m := semantic.FindStringSubmatch(build); m != nil {
		number := m[1] + "." + m[2] + "." + m[3]
		if m[4] == "" {
			return number
		}
		return number + "+" + plain[len(number)+1:]
	}
	if plain == "" {
		return "0.0.0"
	}
	return "0.0.0+" + plain
}

// Field returns a text from a request that is a JSON object with that field.
func Field(ask []byte, name string) (string, bool) {
	var object map[string]json.RawMessage
	var text string
	if json.Unmarshal(ask, &object) != nil || json.Unmarshal(object[name], &text) != nil {
		return "", false
	}
	return text, true
}
