package event_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"orderly/pkg/event"
)

func seal(t testing.TB, r *event.Registry, e event.Event) event.Event {
	t.Helper()
	if err := r.Seal(&e); err != nil {
		t.Fatal(err)
	}
	return e
}

// greeting is a sealed event with every attribute set.
func greeting(t testing.TB, r *event.Registry, text string) event.Event {
	t.Helper()
	return seal(t, r, event.Event{
		ID: "id-" + text, Source: "/greeter", Subject: "world", Name: "greetings.sent", Version: 1, Lane: "hot",
		Time:          time.Date(2026, 1, 2, 3, 4, 5, 60_000_000, time.UTC),
		CorrelationID: "story", CausationID: "cause",
		TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		Payload:     Greeting{text},
	})
}

func pack(t testing.TB, r *event.Registry, limit int, events ...event.Event) []event.Packed {
	t.Helper()
	packs, err := r.Pack(events, limit)
	if err != nil {
		t.Fatal(err)
	}
	return packs
}

func TestPack_one_event_in_binary_mode(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	e := greeting(t, r, "hello")
	e.Subject = "100% \"wörld\"\n"
	packs := pack(t, r, 0, e)
	if len(packs) != 1 || !slices.Equal(packs[0].Events, []int{0}) {
		t.Fatalf("got %+v, want one message of one event", packs)
	}
	want := map[string][]string{
		"ce-specversion":     {"1.0"},
		"ce-id":              {"id-hello"},
		"ce-source":          {"/greeter"},
		"ce-type":            {"com.example.greetings.sent.v1"},
		"ce-subject":         {"100%25%20%22w%C3%B6rld%22%0A"},
		"ce-time":            {"2026-01-02T03:04:05.06Z"},
		"ce-datacontenttype": {"application/json"},
		"ce-dataschema":      {"urn:example:greetings.sent:v1"},
		"ce-correlationid":   {"story"},
		"ce-causationid":     {"cause"},
		"ce-traceparent":     {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
	}
	if !maps.EqualFunc(packs[0].Header, want, slices.Equal) {
		t.Errorf("headers\n%v, want\n%v", packs[0].Header, want)
	}
	if got := string(packs[0].Data); got != `{"text":"hello"}` {
		t.Errorf("data %s", got)
	}
	if packs[0].Subject != "greetings.sent.v1.hot" {
		t.Errorf("subject %s", packs[0].Subject)
	}
}

func TestPack_several_events_in_a_batch(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	first := greeting(t, r, "hello")
	first.Subject = "100% \"wörld\"\n\\"
	second := seal(t, r, event.Event{ID: "2", Source: "/b", Name: "greetings.sent", Version: 1, Lane: "hot", Payload: Greeting{"bye"}})
	packs := pack(t, r, 0, first, second)
	if len(packs) != 1 || !slices.Equal(packs[0].Events, []int{0, 1}) {
		t.Fatalf("got %+v, want one message of two events", packs)
	}
	want := `[{"specversion":"1.0","id":"id-hello","source":"/greeter","type":"com.example.greetings.sent.v1",` +
		`"subject":"100% \"wörld\"\u000A\\","dataschema":"urn:example:greetings.sent:v1",` +
		`"correlationid":"story","causationid":"cause","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",` +
		`"time":"2026-01-02T03:04:05.06Z","datacontenttype":"application/json","data":{"text":"hello"}},` +
		`{"specversion":"1.0","id":"2","source":"/b","type":"com.example.greetings.sent.v1",` +
		`"dataschema":"urn:example:greetings.sent:v1","datacontenttype":"application/json","data":{"text":"bye"}}]`
	if got := string(packs[0].Data); got != want {
		t.Errorf("batch\n%s, want\n%s", got, want)
	}
	header := map[string][]string{"content-type": {"application/cloudevents-batch+json"}}
	if !maps.EqualFunc(packs[0].Header, header, slices.Equal) {
		t.Errorf("headers %v, want %v", packs[0].Header, header)
	}
}

func TestPack_groups_by_subject_in_order(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	at := func(id string, version int, lane string) event.Event {
		return seal(t, r, event.Event{ID: id, Source: "/a", Name: "greetings.sent", Version: version, Lane: lane, Payload: Greeting{id}})
	}
	packs := pack(t, r, 0, at("0", 1, "hot"), at("1", 2, ""), at("2", 1, "hot"), at("3", 1, ""), at("4", 2, "standard"))
	var got []string
	for _, p := range packs {
		got = append(got, fmt.Sprint(p.Subject, p.Events))
	}
	want := []string{"greetings.sent.v1.hot[0 2]", "greetings.sent.v2.standard[1 4]", "greetings.sent.v1.standard[3]"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if packs := pack(t, r, 0); len(packs) != 0 {
		t.Errorf("nothing packs to %+v", packs)
	}
}

func TestPack_keeps_to_the_limit(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	var events []event.Event
	for i := range 40 {
		size := 10
		if i%7 == 3 {
			size = 3000 // does not fit into any pack
		}
		events = append(events, greeting(t, r, fmt.Sprint(i, strings.Repeat("x", size))))
	}
	one := len(pack(t, r, 1<<20, events[0], events[0])[0].Data)/2 + 1
	for _, limit := range []int{1, one, 2*one - 2, 2*one + 2, 2000, 3500, 10_000, 1 << 20, 1 << 30} {
		next := 0
		for _, p := range pack(t, r, limit, events...) {
			for _, i := range p.Events {
				if i != next {
					t.Fatalf("limit %d: event %d where %d was due", limit, i, next)
				}
				next++
			}
			single := p.Header["content-type"] == nil
			if single != (len(p.Events) == 1) {
				t.Errorf("limit %d: %d events with headers %v", limit, len(p.Events), p.Header)
			}
			if !single && (len(p.Data) > limit || !json.Valid(p.Data)) {
				t.Errorf("limit %d: a batch of %d bytes", limit, len(p.Data))
			}
		}
		if next != len(events) {
			t.Errorf("limit %d: %d events of %d were packed", limit, next, len(events))
		}
	}
	if got := len(pack(t, r, 1<<20, events...)); got != 1 {
		t.Errorf("all fit into one message, got %d", got)
	}
}

func TestPack_refuses(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	good := greeting(t, r, "hello")
	changed := func(change func(*event.Event)) event.Event {
		e := good
		change(&e)
		return e
	}
	tests := map[string]struct {
		e    event.Event
		want error
	}{
		"not sealed":    {event.Event{ID: "id-hello", Source: "/a", Name: "greetings.sent", Version: 1}, event.ErrInvalid},
		"foreign lane":  {changed(func(e *event.Event) { e.Lane = "a b" }), event.ErrInvalid},
		"grown payload": {changed(func(e *event.Event) { e.Data = make([]byte, event.MaxMessage) }), event.ErrTooLarge},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			packs, err := r.Pack([]event.Event{good, test.e}, 0)
			if !errors.Is(err, test.want) || len(packs) > 0 {
				t.Fatalf("got %d messages and error %v, want %v", len(packs), err, test.want)
			}
			if !strings.Contains(err.Error(), "id-hello") {
				t.Errorf("error %q does not name the event", err)
			}
		})
	}
}

// The largest event that Seal accepts must fit into a message with all headers.
func TestPack_stays_below_the_largest_message(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	e := greeting(t, r, "x")
	e.Subject = strings.Repeat("ä", 1000)
	for n := event.MaxMessage; ; n -= 64 {
		e.Payload = Greeting{strings.Repeat("x", n)}
		if r.Seal(&e) == nil {
			break
		}
	}
	m := pack(t, r, 0, e)[0]
	size := len("NATS/1.0\r\n\r\n") + len(m.Data)
	for name, values := range m.Header {
		size += len(name) + len(": \r\n") + len(values[0])
	}
	if size > event.MaxMessage || size < event.MaxMessage*9/10 {
		t.Errorf("the largest message takes %d bytes of %d", size, event.MaxMessage)
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	for _, text := range []string{
		"plain", "100%", "%25", "a \"quoted\" text", "Grüße, 世界 🎉", "line\nbreak\r\n\ttab", `back\slash`, "nul\x00\x1f\x7f", " edges ", "<&>\u2028",
	} {
		e := greeting(t, r, text)
		e.Source, e.Subject, e.CorrelationID, e.CausationID, e.TraceParent = text, text, text, text, text
		e.DataSchema = text
		plain := seal(t, r, event.Event{ID: text, Source: text, Name: "greetings.sent", Version: 1, Lane: "hot", Payload: Greeting{text}})
		for _, events := range [][]event.Event{{e}, {plain}, {e, plain, e}} {
			var got []event.Event
			for _, p := range pack(t, r, 0, events...) {
				got = append(got, open(t, r, p.Message)...)
			}
			if !reflect.DeepEqual(got, events) {
				t.Errorf("%q: got\n%+v, want\n%+v", text, got, events)
			}
		}
	}
}

func open(t testing.TB, r *event.Registry, m event.Message) []event.Event {
	t.Helper()
	results, err := r.Open(m)
	if err != nil {
		t.Fatal(err)
	}
	var events []event.Event
	for _, result := range results {
		if result.Err != nil {
			t.Fatal(result.Err)
		}
		events = append(events, result.Event)
	}
	return events
}

func BenchmarkPack(b *testing.B) {
	r := newRegistry(b)
	events := slices.Repeat([]event.Event{greeting(b, r, strings.Repeat("x", 300))}, 100)
	b.ReportAllocs()
	for b.Loop() {
		pack(b, r, 0, events...)
	}
}

func BenchmarkOpen(b *testing.B) {
	r := newRegistry(b)
	e := greeting(b, r, strings.Repeat("x", 300))
	m := pack(b, r, 0, slices.Repeat([]event.Event{e}, 100)...)[0].Message
	b.ReportAllocs()
	for b.Loop() {
		open(b, r, m)
	}
}
