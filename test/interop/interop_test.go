package interop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/binding"
	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/nats-io/nats.go"

	"orderly/events"
	"orderly/internal/app"
	"orderly/pkg/event"
	"orderly/pkg/natsembed"
)

const orderID = "01934d2c-7a5e-7c3f-9b1a-2f6e8d4c0a17"

// awkward are values that a header cannot carry as they are, or that look as if
// they were encoded already.
var awkward = map[string]string{
	"plain":         "shop",
	"percent":       "100%",
	"encoded":       "100%25 %2F %zz",
	"quotes":        `"quoted" \"twice\"`,
	"spaces":        "a  b", // the SDK trims what stands around
	"not ASCII":     "Größe ½ 漢字 🎁",
	"control":       "tab\tline",
	"JSON":          `{"a": ["b"]}`,
	"header":        "a: b; c=d, e",
	"plus and such": "a+b&c=d?e#f/g:h@i",
}

// wire is a NATS server with a subscription.
type wire struct {
	nc  *nats.Conn
	sub *nats.Subscription
}

func newWire(t *testing.T) wire {
	t.Helper()
	server, err := natsembed.Start(natsembed.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0", MaxStore: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	nc, err := nats.Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	sub, err := nc.SubscribeSync(">")
	if err != nil {
		t.Fatal(err)
	}
	return wire{nc, sub}
}

// carry sends a message and returns it as it arrives.
func (w wire) carry(t *testing.T, m *nats.Msg) *nats.Msg {
	t.Helper()
	if err := w.nc.PublishMsg(m); err != nil {
		t.Fatal(err)
	}
	got, err := w.sub.NextMsg(10 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func newRegistry(t *testing.T) *event.Registry {
	t.Helper()
	r, err := app.NewRegistry()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// said is an event as a service says it, with a value in all attributes that
// hold free text.
func said(t *testing.T, r *event.Registry, value string) event.Event {
	t.Helper()
	e := event.Event{
		ID: "id " + value, Source: "/orderly/" + url.PathEscape(value), Subject: value,
		Time: time.Date(2026, 1, 2, 3, 4, 5, 678900000, time.UTC), Name: events.NameOrderCreated,
		CorrelationID: value, CausationID: value, TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		Payload: events.OrderCreatedV2{OrderID: orderID, Customer: events.CustomerV2{ID: "guest"}, Currency: "GBP", PaymentMethod: "pm",
			Items: []events.ItemV2{{ProductID: "POST", Quantity: 1}}, Metadata: map[string]string{"note": value}},
	}
	if err := r.Seal(&e); err != nil {
		t.Fatal(err)
	}
	return e
}

// same compares an event with what the SDK made of it.
func same(t *testing.T, got cloudevents.Event, want event.Event) {
	t.Helper()
	if err := got.Validate(); err != nil {
		t.Errorf("the SDK finds it invalid: %v", err)
	}
	attributes := map[string][2]string{
		"specversion": {got.SpecVersion(), "1.0"}, "id": {got.ID(), want.ID}, "type": {got.Type(), want.Type},
		"source": {got.Source(), want.Source}, "subject": {got.Subject(), want.Subject},
		"dataschema": {got.DataSchema(), want.DataSchema}, "datacontenttype": {got.DataContentType(), "application/json"},
		"time": {got.Time().Format(time.RFC3339Nano), want.Time.Format(time.RFC3339Nano)},
	}
	for name, value := range map[string]string{"correlationid": want.CorrelationID, "causationid": want.CausationID, "traceparent": want.TraceParent} {
		attributes[name] = [2]string{fmt.Sprint(got.Extensions()[name]), value}
	}
	for name, pair := range attributes {
		if pair[0] != pair[1] {
			t.Errorf("%s is %q, want %q", name, pair[0], pair[1])
		}
	}
	var payload events.OrderCreatedV2
	if err := json.Unmarshal(got.Data(), &payload); err != nil || !reflect.DeepEqual(payload, want.Payload) {
		t.Errorf("payload %+v (%v), want %+v", payload, err, want.Payload)
	}
}

// G7: the SDK reads what Orderly writes, alone and in a pack.
func TestG7_the_SDK_reads_what_Orderly_publishes(t *testing.T) {
	t.Parallel()
	r, w := newRegistry(t), newWire(t)
	send := func(t *testing.T, said ...event.Event) *nats.Msg {
		t.Helper()
		packs, err := r.Pack(said, 0)
		if err != nil || len(packs) != 1 {
			t.Fatalf("%d messages, %v", len(packs), err)
		}
		return w.carry(t, &nats.Msg{Subject: packs[0].Subject, Header: packs[0].Header, Data: packs[0].Data})
	}
	var all []event.Event
	for name, value := range awkward {
		e := said(t, r, value)
		all = append(all, e)
		t.Run("binary/"+name, func(t *testing.T) {
			got, err := binding.ToEvent(t.Context(), received{send(t, e)})
			if err != nil {
				t.Fatal(err)
			}
			same(t, *got, e)
		})
	}
	t.Run("batch", func(t *testing.T) {
		m := send(t, all...)
		got, err := binding.ToEvents(t.Context(), received{m}, bytes.NewReader(m.Data))
		if err != nil || len(got) != len(all) {
			t.Fatalf("%d events, want %d: %v", len(got), len(all), err)
		}
		for i := range all {
			same(t, got[i], all[i])
		}
	})
}

// told is the same event as the SDK's users make it.
func told(t *testing.T, e event.Event) cloudevents.Event {
	t.Helper()
	c := cloudevents.New()
	c.SetID(e.ID)
	c.SetSource(e.Source)
	c.SetType(e.Type)
	c.SetSubject(e.Subject)
	c.SetTime(e.Time)
	c.SetDataSchema(e.DataSchema)
	c.SetExtension("correlationid", e.CorrelationID)
	c.SetExtension("causationid", e.CausationID)
	c.SetExtension("traceparent", e.TraceParent)
	c.SetExtension("sequence", 7) // an extension that Orderly does not know
	if err := c.SetData("application/json", e.Payload); err != nil {
		t.Fatal(err)
	}
	return c
}

// open reads a message by the receiver's door and compares what is in it.
func open(t *testing.T, r *event.Registry, m *nats.Msg, want ...event.Event) {
	t.Helper()
	results, err := r.Open(event.Message{Subject: m.Subject, Header: m.Header, Data: m.Data})
	if err != nil || len(results) != len(want) {
		t.Fatalf("%d events, want %d: %v", len(results), len(want), err)
	}
	for i, result := range results {
		got := result.Event
		got.Data, want[i].Data = nil, nil
		if result.Err != nil || !reflect.DeepEqual(got, want[i]) {
			t.Errorf("got\n%+v (%v), want\n%+v", got, result.Err, want[i])
		}
	}
}

// G7: Orderly reads what the SDK writes, in each mode.
func TestG7_Orderly_reads_what_the_SDK_publishes(t *testing.T) {
	t.Parallel()
	r, w := newRegistry(t), newWire(t)
	write := func(t *testing.T, c cloudevents.Event, structured bool) *nats.Msg {
		t.Helper()
		out := &written{msg: nats.NewMsg("orders.created.v2.standard"), escape: url.PathEscape}
		ctx := binding.WithForceBinary(t.Context())
		if structured {
			ctx = binding.WithForceStructured(t.Context())
		}
		if _, err := binding.Write(ctx, binding.ToMessage(&c), out, out); err != nil {
			t.Fatal(err)
		}
		return w.carry(t, out.msg)
	}
	var all []event.Event
	var batch []cloudevents.Event
	for name, value := range awkward {
		e := said(t, r, value)
		c := told(t, e)
		all, batch = append(all, e), append(batch, c)
		t.Run("binary/"+name, func(t *testing.T) { open(t, r, write(t, c, false), e) })
		t.Run("structured/"+name, func(t *testing.T) {
			m := write(t, c, true)
			open(t, r, m, e)
			m.Header = nats.Header{"Content-Type": {cloudevents.ApplicationCloudEventsJSON + "; charset=utf-8"}}
			open(t, r, w.carry(t, m), e)
		})
	}
	t.Run("batch", func(t *testing.T) {
		body, err := json.Marshal(batch)
		if err != nil {
			t.Fatal(err)
		}
		m := &nats.Msg{Subject: "orders.created.v2.standard", Header: nats.Header{"Content-Type": {cloudevents.ApplicationCloudEventsBatchJSON}}, Data: body}
		open(t, r, w.carry(t, m), all...)
	})
}

// A binding that does not encode the values of headers is understood as far as
// they are not taken for encoded ones; a percent sign that encodes nothing is
// refused, and not guessed at.
func TestG7_headers_that_nobody_encoded(t *testing.T) {
	t.Parallel()
	r, w := newRegistry(t), newWire(t)
	for name, value := range awkward {
		e := said(t, r, value)
		e.Source = "/orderly" // it was encoded above
		c := told(t, e)
		out := &written{msg: nats.NewMsg("orders.created.v2.standard"), escape: func(s string) string { return s }}
		if _, err := binding.Write(binding.WithForceBinary(t.Context()), binding.ToMessage(&c), out, out); err != nil {
			t.Fatal(err)
		}
		m := w.carry(t, out.msg)
		if !strings.Contains(value, "%") {
			open(t, r, m, e)
			continue
		}
		results, err := r.Open(event.Message{Subject: m.Subject, Header: m.Header, Data: m.Data})
		if err != nil || len(results) != 1 || results[0].Err == nil || !strings.Contains(results[0].Err.Error(), "percent sign") {
			t.Errorf("%s: %+v, %v, want it refused", name, results, err)
		}
	}
}
