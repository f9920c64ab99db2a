package app

import (
	"errors"
	"strings"
	"testing"

	"orderly/events"
	"orderly/pkg/event"
)

// released is an event that a later build has two versions of.
type released struct {
	events.InventoryReleased
	version int
}

func (r released) EventVersion() int { return r.version }

// G7: what a service says goes out as the version that it was made as. A second
// version in the catalogue changes nothing by itself, and no payload travels
// under the name of another version.
func TestG7_a_payload_is_sealed_as_its_own_version(t *testing.T) {
	t.Parallel()
	var contracts []event.Contract
	for _, v := range events.Catalog() {
		if v.Name != events.NameInventoryReleased {
			continue
		}
		second := v
		second.Version = 2
		contracts = append(contracts, contract(v), contract(second))
	}
	registry, err := event.NewRegistry(typePrefix, contracts...)
	if err != nil {
		t.Fatal(err)
	}
	seal := func(payloadVersion, version int) (event.Event, error) {
		e := event.Event{ID: "1", Source: "/test", Name: events.NameInventoryReleased, Version: version,
			Payload: released{events.InventoryReleased{OrderID: "01934d2c-7a5e-7c3f-9b1a-2f6e8d4c0a17"}, payloadVersion}}
		err := registry.Seal(&e)
		return e, err
	}
	for _, version := range []int{1, 2} {
		if e, err := seal(version, version); err != nil || e.Version != version || !strings.HasSuffix(e.DataSchema, e.Type[strings.LastIndex(e.Type, "v"):]) {
			t.Errorf("version %d: %+v, %v", version, e, err)
		}
	}
	if e, err := seal(1, 2); !errors.Is(err, event.ErrInvalid) {
		t.Errorf("version 1 went out as %s, error %v", e.Type, err)
	}
}
