package app

import (
	"encoding/json"
	"fmt"

	"orderly/events"
	"orderly/pkg/event"
)

// typePrefix goes in front of an event's name and version in its ce-type.
const typePrefix = "orderly."

// NewRegistry returns the contracts of all events that the services exchange.
func NewRegistry() (*event.Registry, error) {
	var contracts []event.Contract
	for _, v := range events.Catalog() {
		contracts = append(contracts, contractOf(v))
	}
	return event.NewRegistry(typePrefix, contracts...)
}

func contractOf(v events.Version) event.Contract {
	return event.Contract{
		Name:       v.Name,
		Version:    v.Version,
		DataSchema: fmt.Sprintf("urn:orderly:schema:%s:v%d", v.Name, v.Version),
		Decode:     func(data []byte) (any, error) { return v.Decode(data) },
		Encode: func(payload any) ([]byte, error) {
			e, ok := payload.(events.Event)
			if !ok || e.EventName() != v.Name || e.EventVersion() != v.Version {
				return nil, fmt.Errorf("payload of type %T is not %s version %d", payload, v.Name, v.Version)
			}
			if err := e.Validate(); err != nil {
				return nil, err
			}
			return json.Marshal(e)
		},
		Up:      conversion(v.Up),
		Down:    conversion(v.Down),
		Retired: v.Retired,
	}
}

func conversion(convert func(events.Event) (events.Event, error)) func(any) (any, error) {
	if convert == nil {
		return nil
	}
	return func(payload any) (any, error) {
		e, ok := payload.(events.Event)
		if !ok {
			return nil, fmt.Errorf("a %T is no event", payload)
		}
		return convert(e)
	}
}
