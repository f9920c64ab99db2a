package storetest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"orderly/events"
	"orderly/pkg/engine"
	"orderly/pkg/event"
)

// Lane is the one that all inputs come on.
const Lane = "express"

// ID is the id of the nth order; ids sort as their numbers do.
func ID(n int) string { return fmt.Sprintf("019a0000-0000-7000-8000-%012x", n) }

// EventID is the id that an event has, told or heard.
func EventID(e events.Event) string { return event.DeriveID(e.Order(), events.Identity(e)) }

// NewRegistry knows every event of the contract, and refuses to encode one that
// is not valid.
func NewRegistry(t testing.TB) *event.Registry {
	t.Helper()
	var contracts []event.Contract
	for _, v := range events.Catalog() {
		contracts = append(contracts, event.Contract{
			Name:    v.Name,
			Version: v.Version,
			Decode:  func(data []byte) (any, error) { return v.Decode(data) },
			Encode: func(payload any) ([]byte, error) {
				if err := payload.(events.Event).Validate(); err != nil {
					return nil, err
				}
				return json.Marshal(payload)
			},
			Up:   func(payload any) (any, error) { return v.Up(payload.(events.Event)) },
			Down: func(payload any) (any, error) { return v.Down(payload.(events.Event)) },
		})
	}
	r, err := event.NewRegistry("test.", contracts...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// inputs makes what the engine hands to a decider.
func (r Replica) inputs(bodies []any) ([]*engine.Input, error) {
	inputs := make([]*engine.Input, len(bodies))
	for i, body := range bodies {
		inputs[i] = &engine.Input{Body: body}
		e, ok := body.(events.Event)
		if !ok {
			continue
		}
		heard, err := r.heard(e)
		if err != nil {
			return nil, err
		}
		inputs[i].Event = &heard
		inputs[i].Meta = engine.Meta{CorrelationID: heard.CorrelationID, CausationID: heard.ID, Lane: heard.Lane}
	}
	return inputs, nil
}

// heard is an event as it comes from another service.
func (r Replica) heard(e events.Event) (event.Event, error) {
	heard := event.Event{
		ID:            EventID(e),
		Name:          e.EventName(),
		Version:       e.EventVersion(),
		Source:        "test",
		Subject:       e.Order(),
		Payload:       e,
		Lane:          Lane,
		CorrelationID: "story",
		CausationID:   "cause of " + e.EventName(),
	}
	return heard, r.Registry.Seal(&heard)
}

// seal completes events in place, as the engine does between Decide and Save.
func (r Replica) seal(says []event.Event, in *engine.Input, now time.Time) error {
	for i := range says {
		e := &says[i]
		e.Source, e.CausationID = "test", in.Meta.CausationID
		if e.ID == "" {
			e.ID = event.DeriveID(e.Subject, e.Name)
		}
		if e.Lane == "" {
			e.Lane = in.Meta.Lane
		}
		if e.Time.IsZero() {
			e.Time = now
		}
		if err := r.Registry.Seal(e); err != nil {
			return err
		}
	}
	return nil
}
