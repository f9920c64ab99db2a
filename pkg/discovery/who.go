package discovery

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
)

// Instance is one that runs.
type Instance struct {
	Name     string
	ID       string
	Version  string
	Metadata map[string]string
	Started  time.Time
	// Requests and Errors count what was asked at its endpoints.
	Requests, Errors int
	// Status is what its [Config].Status said; nil if it is none of this package's.
	Status json.RawMessage
}

const (
	// Ask is the subject on which Who asks, on an inbox of the connection.
	Ask = "$SRV.STATS"
	// silence ends the wait for further answers.
	silence = 500 * time.Millisecond
)

// Who asks who runs, and returns them by name, oldest first, once nobody has
// answered for half a second, at the latest when ctx ends. That nobody
// runs at all is no error.
func Who(ctx context.Context, nc *nats.Conn) ([]Instance, error) {
	inbox := nc.NewRespInbox()
	answers, err := nc.SubscribeSync(inbox)
	if err != nil {
		return nil, fmt.Errorf("ask who runs: %w", err)
	}
	defer func() { _ = answers.Unsubscribe() }() // it is gone with the connection
	if err := nc.PublishRequest(Ask, inbox, nil); err != nil {
		return nil, fmt.Errorf("ask who runs: %w", err)
	}
	var found []Instance
	for {
		m, err := next(ctx, answers)
		switch {
		case errors.Is(err, nats.ErrNoResponders), errors.Is(err, context.DeadlineExceeded):
			slices.SortFunc(found, func(a, b Instance) int {
				return cmp.Or(cmp.Compare(a.Name, b.Name), a.Started.Compare(b.Started), cmp.Compare(a.ID, b.ID))
			})
			return found, nil
		case err != nil:
			return nil, fmt.Errorf("ask who runs: %w", err)
		}
		if one, ok := read(m.Data); ok {
			found = append(found, one)
		}
	}
}

func next(ctx context.Context, answers *nats.Subscription) (*nats.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	return answers.NextMsgWithContext(ctx)
}

// read passes over what is no answer of the framework.
func read(data []byte) (Instance, bool) {
	var s micro.Stats
	if err := json.Unmarshal(data, &s); err != nil || s.Type != micro.StatsResponseType {
		return Instance{}, false
	}
	one := Instance{Name: s.Name, ID: s.ID, Version: s.Version, Metadata: s.Metadata, Started: s.Started}
	for _, e := range s.Endpoints {
		one.Requests += e.NumRequests
		one.Errors += e.NumErrors
		if e.Name == health {
			one.Status = e.Data
		}
	}
	return one, true
}
