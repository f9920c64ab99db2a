package event_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"orderly/pkg/event"
)

// note is the payload of notes.signed in any version; what a version cannot say
// is empty in it.
type note struct {
	V    int    `json:"v"`
	Text string `json:"text"`
	By   string `json:"by,omitempty"`   // from version 2 on
	City string `json:"city,omitempty"` // from version 3 on
}

// signed is one version of notes.signed. Each payload says of which version it
// is.
func signed(version int) event.Contract {
	to := func(version int) func(any) (any, error) {
		return func(payload any) (any, error) {
			n, ok := payload.(note)
			if !ok {
				return nil, fmt.Errorf("a %T is no note", payload)
			}
			n.V = version
			if version < 3 {
				n.City = ""
			}
			if version < 2 {
				n.By = ""
			}
			return n, nil
		}
	}
	return event.Contract{
		Name: "notes.signed", Version: version, DataSchema: fmt.Sprintf("urn:example:notes.signed:v%d", version),
		Decode: func(data []byte) (any, error) {
			var n note
			if err := json.Unmarshal(data, &n); err != nil {
				return nil, err
			}
			if n.V != version {
				return nil, fmt.Errorf("v: %d in version %d", n.V, version)
			}
			return n, nil
		},
		Encode: func(payload any) ([]byte, error) {
			if n, ok := payload.(note); !ok || n.V != version {
				return nil, fmt.Errorf("%+v is not of version %d", payload, version)
			}
			return json.Marshal(payload)
		},
		Up:   to(version + 1),
		Down: to(version - 1),
	}
}

func without(c event.Contract, what string) event.Contract {
	if what == "up" {
		c.Up = nil
	} else {
		c.Down = nil
	}
	return c
}

func registryOf(t *testing.T, contracts ...event.Contract) *event.Registry {
	t.Helper()
	r, err := event.NewRegistry("com.example.", contracts...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// G7: whichever version travels, sender and reader know the newest.
func TestG7_a_version_is_taken_down_and_brought_up(t *testing.T) {
	t.Parallel()
	r := registryOf(t, signed(2), signed(3), signed(1))
	want := map[int]note{
		1: {V: 3, Text: "hello"},
		2: {V: 3, Text: "hello", By: "me"},
		3: {V: 3, Text: "hello", By: "me", City: "York"},
	}
	for version, heard := range want {
		e := event.Event{ID: "1", Source: "/here", Name: "notes.signed", Version: version, Payload: want[3]}
		if err := r.Seal(&e); err != nil {
			t.Fatal(err)
		}
		if e.Version != version || e.DataSchema != fmt.Sprintf("urn:example:notes.signed:v%d", version) || e.Payload != want[3] {
			t.Errorf("version %d is sealed as %+v", version, e)
		}
		packs, err := r.Pack([]event.Event{e}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("notes.signed.v%d.standard", version); packs[0].Subject != want {
			t.Errorf("subject %s, want %s", packs[0].Subject, want)
		}
		results, err := r.Open(packs[0].Message)
		if err != nil || results[0].Err != nil {
			t.Fatal(err, results[0].Err)
		}
		if got := results[0].Event; got.Version != version || got.Payload != heard || string(got.Data) != string(e.Data) {
			t.Errorf("version %d: heard %+v, want %+v", version, got, heard)
		}
	}
}

func TestSeal_refuses_what_a_conversion_refuses(t *testing.T) {
	t.Parallel()
	r := registryOf(t, signed(1), signed(2))
	e := event.Event{ID: "1", Source: "/here", Name: "notes.signed", Version: 1, Payload: "no note"}
	if err := r.Seal(&e); !errors.Is(err, event.ErrInvalid) || !strings.Contains(err.Error(), "version 2 into version 1") {
		t.Errorf("got %v", err)
	}
	bad := signed(1)
	bad.Up = func(any) (any, error) { return nil, errors.New("no way") }
	r = registryOf(t, bad, signed(2))
	results, err := r.Open(event.Message{Subject: "notes.signed.v1.standard", Data: []byte(
		`{"specversion":"1.0","id":"1","source":"/here","type":"com.example.notes.signed.v1","data":{"v":1,"text":"x"}}`)})
	if err != nil || !errors.Is(results[0].Err, event.ErrInvalid) || results[0].Event.Payload != nil {
		t.Errorf("opened as %+v, %v", results, err)
	}
}

// G7: what a build records is read by the one before it, and by itself in full.
func TestG7_a_record_is_read_by_an_older_build(t *testing.T) {
	t.Parallel()
	today := registryOf(t, signed(1), signed(2))
	yesterday := registryOf(t, signed(1))
	for _, said := range []note{{V: 2, Text: "plain"}, {V: 2, Text: `with "_newest" in it`}, {V: 2, Text: "rich", By: "me"}} {
		e := event.Event{ID: "1", Source: "/here", Name: "notes.signed", Payload: said}
		if err := today.Seal(&e); err != nil {
			t.Fatal(err)
		}
		version, data, err := today.Record(e)
		if err != nil || version != 1 {
			t.Fatalf("recorded as version %d, %v", version, err)
		}
		if plain := said.By == ""; plain == strings.Contains(string(data), `"_newest":`) {
			t.Errorf("recorded as %s", data)
		}
		full, err := today.Recall("notes.signed", version, data)
		if err != nil || full.Payload != said {
			t.Errorf("recalled %+v, %v, want %+v", full, err, said)
		}
		old, err := yesterday.Recall("notes.signed", version, data)
		if want := (note{V: 1, Text: said.Text}); err != nil || old.Payload != want || old.Version != 1 {
			t.Errorf("the build before recalls %+v, %v, want %+v", old, err, want)
		}
	}
}

func TestRecord_keeps_what_has_one_version_as_it_travels(t *testing.T) {
	t.Parallel()
	r := registryOf(t, signed(1))
	version, data, err := r.Record(event.Event{Name: "notes.signed", Version: 1, Data: []byte(`{"v":1, "text":"x"}`)})
	if err != nil || version != 1 || string(data) != `{"v":1, "text":"x"}` {
		t.Errorf("recorded as version %d, %s, %v", version, data, err)
	}
}

// A retired version is read still and recorded no more.
func TestRecord_leaves_out_a_retired_version(t *testing.T) {
	t.Parallel()
	old := signed(1)
	old.Retired = true
	r := registryOf(t, old, signed(2))
	heard, err := r.Recall("notes.signed", 1, []byte(`{"v":1,"text":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	version, data, err := r.Record(heard)
	if err != nil || version != 2 || string(data) != `{"v":2,"text":"x"}` {
		t.Errorf("recorded as version %d, %s, %v", version, data, err)
	}
}

func TestRecall_refuses_what_this_build_does_not_know(t *testing.T) {
	t.Parallel()
	r := registryOf(t, signed(1))
	for _, test := range []struct {
		name    string
		version int
		data    string
		want    error
	}{
		{"notes.signed", 2, `{"v":2}`, event.ErrUnknown},
		{"notes.signed", 0, `{"v":1}`, event.ErrUnknown},
		{"notes.lost", 1, `{"v":1}`, event.ErrUnknown},
		{"notes.signed", 1, `{"v":7}`, event.ErrInvalid},
		{"notes.signed", 1, `{"v":7,"_newest":{"version":1,"data":{"v":1}}}`, event.ErrInvalid}, // somebody else's member
		{"notes.signed", 1, `no JSON "_newest"`, event.ErrInvalid},
	} {
		if e, err := r.Recall(test.name, test.version, []byte(test.data)); !errors.Is(err, test.want) || !reflect.DeepEqual(e, event.Event{}) {
			t.Errorf("%s version %d of %s: got %+v, %v", test.name, test.version, test.data, e, err)
		}
	}
}
