package event_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"orderly/pkg/event"
)

// newRegistry knows two versions of greetings.sent and one event that takes any
// JSON.
func newRegistry(t testing.TB) *event.Registry {
	t.Helper()
	same := func(payload any) (any, error) { return payload, nil }
	first, second := greetings(), greetings()
	first.Up, second.Down = same, same
	second.Version, second.DataSchema = 2, "urn:example:greetings.sent:v2"
	anything := event.Contract{
		Name: "things.noted", Version: 1,
		Decode: func(data []byte) (any, error) {
			var v any
			err := json.Unmarshal(data, &v)
			return v, err
		},
		Encode: json.Marshal,
	}
	r, err := event.NewRegistry("com.example.", first, second, anything)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestNewRegistry_refuses_bad_contracts(t *testing.T) {
	t.Parallel()
	with := func(change func(*event.Contract)) []event.Contract {
		c := greetings()
		change(&c)
		return []event.Contract{c}
	}
	tests := map[string]struct {
		prefix    string
		contracts []event.Contract
		want      string
	}{
		"twice":         {"", []event.Contract{greetings(), greetings()}, "registered twice"},
		"empty name":    {"", with(func(c *event.Contract) { c.Name = "" }), "dotted tokens"},
		"wildcard":      {"", with(func(c *event.Contract) { c.Name = "greetings.*" }), "dotted tokens"},
		"empty token":   {"", with(func(c *event.Contract) { c.Name = "greetings..sent" }), "dotted tokens"},
		"upper case":    {"", with(func(c *event.Contract) { c.Name = "Greetings.sent" }), "dotted tokens"},
		"version 0":     {"", with(func(c *event.Contract) { c.Version = 0 }), "versions start at 1"},
		"no decoder":    {"", with(func(c *event.Contract) { c.Decode = nil }), "needs both"},
		"no encoder":    {"", with(func(c *event.Contract) { c.Encode = nil }), "needs both"},
		"spaced prefix": {"com example.", nil, "type prefix"},
		"a gap":         {"", []event.Contract{signed(1), signed(3)}, "version 2 is missing"},
		"no way up":     {"", []event.Contract{without(signed(1), "up"), signed(2)}, "needs Up"},
		"no way down":   {"", []event.Contract{signed(1), without(signed(2), "down")}, "version 2 needs Down"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := event.NewRegistry(test.prefix, test.contracts...)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got error %v, want %q", err, test.want)
			}
		})
	}
}

func TestRegistry_Lookup(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	for version, want := range map[int]int{0: 2, 1: 1, 2: 2} {
		if c, ok := r.Lookup("greetings.sent", version); !ok || c.Version != want {
			t.Errorf("version %d: got %d, %t, want %d", version, c.Version, ok, want)
		}
	}
	if _, ok := r.Lookup("greetings.sent", 3); ok {
		t.Error("found a version that is not registered")
	}
	if _, ok := r.Lookup("greetings", 0); ok {
		t.Error("found a name that is not registered")
	}
}

func TestRegistry_Subject(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	tests := map[string]event.Event{
		"greetings.sent.v1.hot":      {Name: "greetings.sent", Version: 1, Lane: "hot"},
		"greetings.sent.v1.standard": {Name: "greetings.sent", Version: 1},
		"greetings.sent.v2.standard": {Name: "greetings.sent"},
		"greetings.sent.v1.*":        {Name: "greetings.sent", Version: 1, Lane: "*"},
	}
	for want, e := range tests {
		if got := r.Subject(e); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestSeal_completes_an_event(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	e := event.Event{
		ID: "1", Source: "/here", Name: "greetings.sent", Payload: Greeting{"hello"},
		Time: time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("CET", 3600)),
	}
	for range 2 { // sealing again does the same again
		if err := r.Seal(&e); err != nil {
			t.Fatal(err)
		}
		if e.Type != "com.example.greetings.sent.v2" || e.Version != 2 || e.DataSchema != "urn:example:greetings.sent:v2" || e.Lane != "standard" {
			t.Errorf("sealed as %+v", e)
		}
		if string(e.Data) != `{"text":"hello"}` {
			t.Errorf("data %s", e.Data)
		}
		if want := time.Date(2026, 1, 2, 2, 4, 5, 6, time.UTC); e.Time != want {
			t.Errorf("time %v, want %v", e.Time, want)
		}
	}
}

func TestSeal_refuses(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	tests := map[string]struct {
		change func(*event.Event)
		want   error
	}{
		"no id":             {func(e *event.Event) { e.ID = "" }, event.ErrInvalid},
		"no source":         {func(e *event.Event) { e.Source = "" }, event.ErrInvalid},
		"unknown name":      {func(e *event.Event) { e.Name = "greetings.lost" }, event.ErrUnknown},
		"unknown version":   {func(e *event.Event) { e.Version = 3 }, event.ErrUnknown},
		"lane with a dot":   {func(e *event.Event) { e.Lane = "a.b" }, event.ErrInvalid},
		"lane with a star":  {func(e *event.Event) { e.Lane = "*" }, event.ErrInvalid},
		"broken text":       {func(e *event.Event) { e.Subject = "\xff" }, event.ErrInvalid},
		"a far future":      {func(e *event.Event) { e.Time = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, event.ErrInvalid},
		"invalid payload":   {func(e *event.Event) { e.Payload = Greeting{} }, event.ErrInvalid},
		"foreign payload":   {func(e *event.Event) { e.Payload = 5 }, event.ErrInvalid},
		"too long payload":  {func(e *event.Event) { e.Payload = Greeting{strings.Repeat("x", event.MaxMessage)} }, event.ErrTooLarge},
		"too long envelope": {func(e *event.Event) { e.Subject = strings.Repeat("ä", event.MaxMessage/4) }, event.ErrTooLarge},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := event.Event{ID: "the-id", Source: "/here", Name: "greetings.sent", Payload: Greeting{"hello"}}
			test.change(&e)
			err := r.Seal(&e)
			if !errors.Is(err, test.want) {
				t.Fatalf("got error %v, want %v", err, test.want)
			}
			if !strings.Contains(err.Error(), e.ID) || !strings.Contains(err.Error(), e.Name) {
				t.Errorf("error %q does not name the event", err)
			}
			if e.Type != "" || e.Data != nil {
				t.Errorf("the event was changed: %+v", e)
			}
		})
	}
}
