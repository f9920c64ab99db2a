package app

import (
	"errors"
	"net/http"
	"net/http/httptest"
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

// G7: no payload travels under the name of another version.
func TestG7_a_payload_is_sealed_as_its_own_version(t *testing.T) {
	t.Parallel()
	var contracts []event.Contract
	for _, v := range events.Catalog() {
		if v.Name != events.NameInventoryReleased {
			continue
		}
		second := v
		second.Version = 2
		v.Up = func(e events.Event) (events.Event, error) {
			return released{e.(released).InventoryReleased, 2}, nil
		}
		second.Down = func(e events.Event) (events.Event, error) {
			return released{e.(released).InventoryReleased, 1}, nil
		}
		contracts = append(contracts, contractOf(v), contractOf(second))
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
		if e, err := seal(2, version); err != nil || e.Version != version || !strings.HasSuffix(e.DataSchema, e.Type[strings.LastIndex(e.Type, "v"):]) {
			t.Errorf("version %d: %+v, %v", version, e, err)
		}
	}
	if e, err := seal(1, 2); !errors.Is(err, event.ErrInvalid) {
		t.Errorf("version 1 went out as %s, error %v", e.Type, err)
	}
}

func TestAsyncAPI_is_served(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	if err := serveAsyncAPI(mux, "1.2.3"); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/asyncapi.json": `"version": "1.2.3"`, "/asyncapi.yaml": "version: 1.2.3"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) || !strings.Contains(w.Header().Get("Content-Type"), "asyncapi") {
			t.Errorf("%s: %d %v %.200s", path, w.Code, w.Header(), w.Body)
		}
	}
}

func TestCovers(t *testing.T) {
	t.Parallel()
	for filter, want := range map[string]bool{
		"a.b.v1.x": true, "a.*.v1.x": true, "*.*.*.*": true, "a.>": true, ">": true,
		"a.b.v2.x": false, "a.b.v1": false, "a.b.v1.x.y": false, "a.b.v1.x.>": false, "*": false,
	} {
		if got := covers(filter, "a.b.v1.x"); got != want {
			t.Errorf("%s covers a.b.v1.x: %v", filter, got)
		}
	}
}
