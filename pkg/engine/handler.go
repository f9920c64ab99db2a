package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"orderly/pkg/event"
	"orderly/pkg/sqldb"
)

// Handler is a plain function that handles the events of one name.
type Handler struct {
	event  string
	run    func(ctx context.Context, tx *sql.Tx, payload any) ([]event.Event, error)
	policy *policy // nil: the engine's
}

// Handle makes a Handler of fn, for events whose payload is a T. Fn works on
// the database through tx and nothing else; what it did is undone if it returns
// an error, which is the event's verdict: a plain one is tried again a bounded
// number of times, [Never] goes to the dead letters at once, [NotYet] waits.
// The events that fn returns need Name, Subject and Payload.
func Handle[T any](eventName string, fn func(ctx context.Context, tx *sql.Tx, e T) ([]event.Event, error)) Handler {
	return Handler{event: eventName, run: func(ctx context.Context, tx *sql.Tx, payload any) ([]event.Event, error) {
		typed, ok := payload.(T)
		if !ok {
			return nil, Never(fmt.Errorf("handler of %s takes %T, the registry decodes %T", eventName, typed, payload))
		}
		return fn(ctx, tx, typed)
	}}
}

// Handlers is a Decider for plain functions. Each event is handled once, a
// second or a month later: an inbox row per handler and event, written with
// the function's effect, keeps the events that it led to and gives them again.
// Name is the engine's name. Two handlers of one event name are refused, and so
// is a policy that cannot be kept.
//
// The functions of a batch run one after the other in one transaction, each
// under a savepoint, and lock rows in the order of the messages: give an engine
// whose functions touch common rows, and that has replicas, a small MaxInputs.
func Handlers(name string, db *sqldb.DB, registry *event.Registry, handlers ...Handler) (Decider, error) {
	h := &handling{name: name, db: db, registry: registry, byEvent: make(map[string]Handler, len(handlers))}
	for _, one := range handlers {
		if _, twice := h.byEvent[one.event]; twice {
			return nil, fmt.Errorf("handlers of %s: two for %s", name, one.event)
		}
		if one.policy != nil {
			if err := one.policy.validate(); err != nil {
				return nil, fmt.Errorf("handlers of %s: %s: %w", name, one.event, err)
			}
		}
		h.byEvent[one.event] = one
	}
	return h, nil
}

type handling struct {
	name     string
	db       *sqldb.DB
	registry *event.Registry
	byEvent  map[string]Handler
}

// inboxID identifies what this handler did about an event.
func (h *handling) inboxID(in *Input) string { return event.DeriveID(in.cause, h.name) }

// run calls the function for an event under a savepoint.
func (h *handling) run(ctx context.Context, batch *sqldb.Tx, in *Input) ([]event.Event, error) {
	if in.Event == nil {
		return nil, fmt.Errorf("handlers of %s take events, not %T", h.name, in.Body)
	}
	handler, ok := h.byEvent[in.Event.Name]
	if !ok {
		return nil, nil // not for us: the consumer's filter is wider than needed
	}
	tx, err := batch.SQL(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, "SAVEPOINT handler"); err != nil {
		return nil, fmt.Errorf("savepoint: %w", err)
	}
	out, err := handler.run(ctx, tx, in.Body)
	end := "RELEASE SAVEPOINT handler"
	if err != nil {
		end = "ROLLBACK TO SAVEPOINT handler"
	}
	if _, lost := tx.ExecContext(ctx, end); lost != nil {
		// The function let a failed statement pass; the others must not suffer.
		if _, gone := tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT handler"); gone != nil {
			return nil, fmt.Errorf("savepoint: %w", errors.Join(err, lost, gone))
		}
		return nil, fmt.Errorf("the handler of %s let a failed statement pass: %w", in.Event.Name, errors.Join(err, lost))
	}
	for i := range out {
		if out[i].ID == "" {
			out[i].ID = event.DeriveID(in.cause, h.name+"/"+out[i].Name+"/"+strconv.Itoa(i))
		}
	}
	return out, err
}
