package event_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"orderly/pkg/event"
)

const (
	single = "application/cloudevents+json"
	batch  = "application/cloudevents-batch+json"
)

func structured(contentType, body string) event.Message {
	return event.Message{
		Subject: "greetings.sent.v1.hot",
		Header:  map[string][]string{"content-type": {contentType}},
		Data:    []byte(body),
	}
}

func binary(header map[string]string) event.Message {
	m := event.Message{
		Subject: "greetings.sent.v1.hot",
		Data:    []byte(` {"text":"hello"} `),
		Header: map[string][]string{
			"ce-specversion": {"1.0"}, "ce-id": {"1"}, "ce-source": {"/a"}, "ce-type": {"com.example.greetings.sent.v1"},
		},
	}
	for name, value := range header {
		m.Header[name] = []string{value}
	}
	return m
}

func TestOpen_reads_what_others_write(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	want := event.Event{
		ID: "1", Source: "/a", Type: "com.example.greetings.sent.v1", Time: time.Date(2026, 1, 2, 2, 4, 5, 0, time.UTC),
		Name: "greetings.sent", Version: 1, Lane: "hot", Data: []byte(`{"text":"hello"}`), Payload: Greeting{"hello"},
	}
	const members = `"specversion" : "1.0", "id":"1", "source":"\/a", "t\u0079pe":"com.example.greetings.sent.v1",
		"time":"2026-01-02T03:04:05+01:00", "subject":null, "dataref":{"any":["}"]}, "sequence": 5 , "ID":"other"`
	upper := event.Message{
		Subject: "greetings.sent.v1.hot", Data: []byte(`{"text":"hello"}`),
		Header: map[string][]string{
			"Ce-Specversion": {"1.0"}, "CE-ID": {"1", "second"}, "Ce-Source": {"%2fa"}, "ce-type": {"com.example.greetings.sent.v1"},
			"CE-TYPE": {"the exact name wins"}, "Ce-Time": {"2026-01-02T03:04:05+01:00"}, "Ce-Datacontenttype": {"Application/JSON; charset=utf-8"},
			"Ce-Other": {"%%%"}, "Content-Type": {"application/json"},
		},
	}
	tests := map[string]event.Message{
		"a single structured event": structured(single+"; charset=utf-8", ` { `+members+`, "data" : {"text":"hello"} } `),
		"a batch of one":            structured(batch, ` [ { "data":{"text":"hello"}, `+members+` } ] `),
		"a member given twice":      structured(batch, `[{"id":"0",`+members+`,"data":{"text":"no"},"data":{"text":"hello"}}]`),
		"headers in other cases":    upper,
		"no headers at all":         {Subject: "greetings.sent.v1.hot", Data: []byte(` { ` + members + `, "data" : {"text":"hello"} } `)},
	}
	for name, m := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := open(t, r, m); len(got) != 1 || !reflect.DeepEqual(got[0], want) {
				t.Errorf("got\n%+v, want\n%+v", got, want)
			}
		})
	}
}

func TestOpen_refuses_unreadable_messages(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	tests := map[string]event.Message{
		"nothing":           {},
		"no CloudEvent":     {Subject: "a", Data: []byte(`{}`), Header: map[string][]string{"content-type": {"application/json"}}},
		"a bare text":       {Subject: "a", Data: []byte(`"hello"`)},
		"a bare list":       {Subject: "a", Data: []byte(`[]`)},
		"another format":    structured("application/cloudevents+avro", `[]`),
		"another batch":     structured("application/cloudevents-batch+xml", `[]`),
		"broken batch":      structured(batch, `[{"specversion":"1.0"},`),
		"batch of nothing":  structured(batch, ``),
		"batch that is not": structured(batch, `{"specversion":"1.0"}`),
		"trailing text":     structured(batch, `[] []`),
		"broken event":      structured(single, `{"specversion":`),
		"two events":        structured(single, `{} {}`),
		"no comma":          structured(batch, `[{} {}]`),
		"a comma too many":  structured(batch, `[{},]`),
		"a comma in front":  structured(batch, `[,{}]`),
		"no colon":          structured(batch, `[{"id" "1"}]`),
		"no value":          structured(batch, `[{"id":}]`),
		"a bare name":       structured(batch, `[{id:"1"}]`),
		"an open string":    structured(batch, `[{"id":"1`),
		"an open escape":    structured(batch, `[{"id":"1\`),
		"a bad escape":      structured(batch, `[{"id":"\x"}]`),
		"a bare line break": structured(batch, "[{\"id\":\"a\nb\"}]"),
		"a bad extension":   structured(batch, `[{"other":tru}]`),
	}
	for name, m := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			results, err := r.Open(m)
			if !errors.Is(err, event.ErrUnreadable) || len(results) > 0 {
				t.Errorf("got %d results and error %v, want %v", len(results), err, event.ErrUnreadable)
			}
		})
	}
	if results, err := r.Open(structured(batch, ` [ ] `)); err != nil || len(results) != 0 {
		t.Errorf("an empty batch: %v, %v, want nothing and no error", results, err)
	}
}

func TestOpen_refuses_invalid_events(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	const head = `"specversion":"1.0","id":"1","source":"/a","type":"com.example.greetings.sent.v1"`
	tests := map[string]struct {
		message event.Message
		want    error
		says    string
	}{
		"no id":              {binary(map[string]string{"ce-id": ""}), event.ErrInvalid, "id is missing"},
		"no source":          {binary(map[string]string{"ce-source": ""}), event.ErrInvalid, "source is missing"},
		"a later version":    {binary(map[string]string{"ce-specversion": "2.0"}), event.ErrInvalid, `specversion "2.0"`},
		"not JSON":           {binary(map[string]string{"ce-datacontenttype": "text/xml"}), event.ErrInvalid, "text/xml"},
		"a bad time":         {binary(map[string]string{"ce-time": "yesterday"}), event.ErrInvalid, "RFC 3339"},
		"a time too late":    {binary(map[string]string{"ce-time": "9999-12-31T23:59:59-01:00"}), event.ErrInvalid, "years"},
		"a bad escape":       {binary(map[string]string{"ce-id": "100%"}), event.ErrInvalid, "percent sign"},
		"a bad escape inner": {binary(map[string]string{"ce-id": "%zz"}), event.ErrInvalid, "percent sign"},
		"not UTF-8":          {binary(map[string]string{"ce-subject": "%FF"}), event.ErrInvalid, "UTF-8"},
		"an unknown type":    {binary(map[string]string{"ce-type": "com.example.greetings.lost.v1"}), event.ErrUnknown, "greetings.lost"},
		"an unknown version": {binary(map[string]string{"ce-type": "com.example.greetings.sent.v3"}), event.ErrUnknown, "v3"},
		"a foreign type":     {binary(map[string]string{"ce-type": "greetings.sent.v1"}), event.ErrUnknown, "greetings.sent.v1"},
		"no version":         {structured(single, `{"id":"1","source":"/a","type":"com.example.greetings.sent.v1"}`), event.ErrInvalid, "specversion is missing"},
		"not an object":      {structured(single, `["specversion"]`), event.ErrInvalid, "JSON object"},
		"a numeric id":       {structured(single, `{`+head+`,"id":1}`), event.ErrInvalid, "id must be a string"},
		"binary data":        {structured(single, `{`+head+`,"data_base64":"AA=="}`), event.ErrInvalid, "data_base64"},
		"no data":            {structured(single, `{`+head+`}`), event.ErrInvalid, "JSON"},
		"broken data":        {structured(single, `{`+head+`,"data":{"text":tru}}`), event.ErrInvalid, "invalid character"},
		"crossed data":       {structured(single, `{`+head+`,"data":{"text":[}]}`), event.ErrInvalid, "invalid character"},
		"data null":          {structured(single, `{`+head+`,"data":null}`), event.ErrInvalid, "text: required"},
		"a broken contract":  {structured(single, `{`+head+`,"data":{"text":""}}`), event.ErrInvalid, "text: required"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			results, err := r.Open(test.message)
			if err != nil || len(results) != 1 {
				t.Fatalf("got %d results and error %v, want one result", len(results), err)
			}
			got := results[0]
			if !errors.Is(got.Err, test.want) || !strings.Contains(got.Err.Error(), test.says) {
				t.Errorf("got error %v, want %v saying %q", got.Err, test.want, test.says)
			}
			if got.Event.Payload != nil {
				t.Errorf("a refused event has the payload %v", got.Event.Payload)
			}
		})
	}
}

func TestOpen_spares_the_other_events_of_a_pack(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	body := string(pack(t, r, 0, greeting(t, r, "first"), greeting(t, r, "last"))[0].Data)
	bad := `17,{"specversion":"1.0","id":{},"correlationid":"kept","type":"com.example.greetings.sent.v9","data":[1]}`
	results, err := r.Open(structured(batch, strings.Replace(body, "},{", "},"+bad+",{", 1)))
	if err != nil || len(results) != 4 {
		t.Fatalf("got %d results and error %v, want 4", len(results), err)
	}
	for i, text := range map[int]string{0: "first", 3: "last"} {
		if got := results[i]; got.Err != nil || got.Event.Payload != any(Greeting{text}) {
			t.Errorf("event %d: %+v", i, got)
		}
	}
	if got := results[1]; got.Err == nil || string(got.Event.Data) != "17" {
		t.Errorf("event 1: %+v, want an error and what came", got)
	}
	got := results[2]
	if got.Err == nil || got.Event.CorrelationID != "kept" || got.Event.Name != "greetings.sent" || got.Event.Version != 9 || string(got.Event.Data) != "[1]" {
		t.Errorf("event 2: %+v, want an error and all that can be read", got)
	}
}

func TestOpen_takes_the_lane_from_the_subject(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	for subject, want := range map[string]string{
		"greetings.sent.v1.hot": "hot", "hot": "hot", "": "standard", "greetings.": "standard", "greetings.*": "standard",
	} {
		m := binary(nil)
		m.Subject = subject
		if got := open(t, r, m)[0].Lane; got != want {
			t.Errorf("subject %q: lane %q, want %q", subject, got, want)
		}
	}
}

// What Open accepts, it accepts again as the same event after it was packed, be
// it alone or with another.
func FuzzOpen(f *testing.F) {
	r := newRegistry(f)
	e := greeting(f, r, "hello")
	f.Add("greetings.sent.v1.hot", batch, "", pack(f, r, 0, e, e)[0].Data)
	f.Add("greetings.sent.v1.hot", "", "1", []byte(`{"text":"hello"}`))
	f.Add("x", single, "", []byte(`{"specversion":"1.0","id":"1","source":"\ud800","type":"com.example.things.noted.v1","time":"2026-01-02T03:04:05,6+01:00","data":[1,{"a":"\\"}]}`))
	f.Add("x", batch, "", []byte(`[{"specversion":"1.0","id":"1","source":"a","type":"com.example.things.noted.v1","data":null}, 1, [], {}]`))
	f.Fuzz(func(t *testing.T, subject, contentType, attribute string, data []byte) {
		m := event.Message{Subject: subject, Data: data, Header: map[string][]string{"content-type": {contentType}}}
		if attribute != "" {
			m.Header = map[string][]string{
				"ce-specversion": {"1.0"}, "ce-id": {attribute}, "ce-source": {attribute}, "ce-subject": {attribute},
				"ce-time": {"2026-01-02T03:04:05Z"}, "ce-type": {"com.example.things.noted.v1"},
			}
		}
		results, err := r.Open(m)
		if err != nil {
			return
		}
		accepted := 0
		for _, result := range results {
			if result.Err != nil {
				continue
			}
			accepted++
			again(t, r, result.Event)
			again(t, r, result.Event, result.Event)
		}
		if accepted == len(results) && !json.Valid(data) {
			t.Errorf("accepted %q, which is not JSON", data)
		}
	})
}

func again(t *testing.T, r *event.Registry, events ...event.Event) {
	t.Helper()
	packs, err := r.Pack(events, 0)
	if errors.Is(err, event.ErrTooLarge) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	var got []event.Event
	for _, p := range packs {
		got = append(got, open(t, r, p.Message)...)
	}
	if !reflect.DeepEqual(got, events) {
		t.Errorf("got\n%+v, want\n%+v", got, events)
	}
}
