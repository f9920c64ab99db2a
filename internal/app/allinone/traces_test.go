package allinone

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"orderly/internal/app"
	"orderly/internal/client"
	"orderly/order"
	"orderly/payment/gateway"
	"orderly/pkg/otlp"
	"orderly/pkg/otlp/otlptest"
	"orderly/pkg/sqldb"
	"orderly/pkg/sqldb/sqlite"
)

// telling starts a system that tells a receiver what it does, all of it once it is
// stopped.
func telling(t *testing.T, r *otlptest.Receiver, dir string, p order.Policy, g gateway.Settings) (s *System, c *client.Client, end func()) {
	t.Helper()
	s, err := Start(t.Context(), Config{Dir: dir, Addr: "127.0.0.1:0", Policy: p, Gateway: g, Traces: otlp.New(otlp.Config{Endpoint: r.URL})})
	if err != nil {
		t.Fatal(err)
	}
	end = sync.OnceFunc(func() { stop(t, s) })
	t.Cleanup(end)
	return s, clientOf(t, s), end
}

// patient announces nothing again.
func patient() order.Policy {
	return order.Policy{Deadline: time.Hour, RedriveFirst: time.Hour, RedriveMax: time.Hour}
}

func awaitClosed(t *testing.T, c *client.Client, id string) client.Order {
	t.Helper()
	var o client.Order
	eventually(t, "the order is closed", func() (closed bool) {
		var err error
		o, err = c.Order(t.Context(), id, 0)
		return err == nil && o.Closed
	})
	return o
}

// story returns the spans of an order's trace: all that was done about it is in one,
// in which each span but the request's follows from another.
func story(t *testing.T, r *otlptest.Receiver, o client.Order) []otlptest.Span {
	t.Helper()
	var spans []otlptest.Span
	ids := map[string]bool{}
	for _, s := range r.Spans() {
		if s.TraceID == o.TraceID {
			spans = append(spans, s)
			ids[s.ID] = true
		} else if s.Attributes["cloudevents.event_subject"] == o.OrderID {
			t.Errorf("%s of %s is in another trace", s.Name, s.Service)
		}
	}
	for _, s := range spans {
		if (s.Name == "POST /v1/orders") != (s.Parent == "") || s.Parent != "" && !ids[s.Parent] {
			t.Errorf("%s of %s follows from %q, which is not there", s.Name, s.Service, s.Parent)
		}
	}
	return spans
}

// steps are the spans' names with their services, sorted, commits aside.
func steps(spans []otlptest.Span) []string {
	var out []string
	for _, s := range spans {
		if s.Name != "commit" {
			out = append(out, s.Service+" "+short(s.Name))
		}
	}
	slices.Sort(out)
	return out
}

// short is a span's name without the version and lane of a subject.
func short(name string) string {
	name, _, _ = strings.Cut(name, ".v")
	return name
}

func times(steps []string, step string) (n int) {
	for _, s := range steps {
		if s == step {
			n++
		}
	}
	return n
}

// An order is one trace, from the request through every service to its end, the
// waits in the streams included.
func TestTraces_one_for_an_order(t *testing.T) {
	t.Parallel()
	r := otlptest.Start(t)
	_, c, end := telling(t, r, t.TempDir(), patient(), gateway.Settings{})
	stock(t, c)
	o := awaitClosed(t, c, placeWith(t, c, order.Standard, "one"))
	end()
	want := []string{
		"inventory process orders.confirmed", "inventory process orders.created",
		"inventory receive orders.confirmed", "inventory receive orders.created",
		"inventory send inventory.committed", "inventory send inventory.reserved",
		"order decide",
		"order process inventory.committed", "order process inventory.reserved", "order process payments.captured",
		"order receive inventory.committed", "order receive inventory.reserved", "order receive payments.captured",
		"order send orders.confirmed", "order send orders.created",
		"orderly POST /v1/orders",
		"payment gateway charge",
		"payment process inventory.reserved", "payment receive inventory.reserved", "payment send payments.captured",
	}
	if got := steps(story(t, r, o)); !slices.Equal(got, want) {
		t.Errorf("the trace is %q, want %q", got, want)
	}
}

// An order that its broker lost, is announced again, in its trace.
func TestTraces_one_for_an_order_after_a_redrive(t *testing.T) {
	t.Parallel()
	r := otlptest.Start(t)
	s, c, end := telling(t, r, t.TempDir(), quick(), gateway.Settings{Outage: true})
	stock(t, c)
	id := placeWith(t, c, order.Standard, "one")
	eventually(t, "the order is reserved", func() bool {
		o, err := c.Order(t.Context(), id, 0)
		return err == nil && o.Status == "reserved"
	})
	lose(t, s)
	eventually(t, "the order is announced again", func() bool {
		stream, err := s.bus.JetStream().Stream(t.Context(), app.StreamOrders)
		return err == nil && stream.CachedInfo().State.LastSeq > 0
	})
	if err := s.Gateway.SetSettings(t.Context(), gateway.Settings{}); err != nil {
		t.Fatal(err)
	}
	o := awaitClosed(t, c, id)
	end()
	if n := times(steps(story(t, r, o)), "order send orders.created"); n < 2 {
		t.Errorf("announced %d times in its trace", n)
	}
}

// An order that is in the middle of things when everything stops, the broker among
// it, goes on in its trace: what was not acknowledged is delivered again.
func TestTraces_one_for_an_order_after_a_restart(t *testing.T) {
	t.Parallel()
	r, dir := otlptest.Start(t), t.TempDir()
	_, c, end := telling(t, r, dir, patient(), gateway.Settings{Outage: true})
	stock(t, c)
	id := placeWith(t, c, order.Standard, "one")
	eventually(t, "the gateway is asked", func() bool {
		g, err := c.GatewayStatus(t.Context())
		return err == nil && g.Failed > 0
	})
	end()
	_, c, end = telling(t, r, dir, patient(), gateway.Settings{})
	o := awaitClosed(t, c, id)
	end()
	spans := story(t, r, o)
	if !slices.ContainsFunc(spans, func(s otlptest.Span) bool {
		return short(s.Name) == "process inventory.reserved" && s.Attributes["messaging.nats.message.delivery_count"] == "2"
	}) {
		t.Errorf("nothing was delivered again in the trace: %q", steps(spans))
	}
	if !slices.ContainsFunc(spans, func(s otlptest.Span) bool { return s.Name == "gateway charge" && s.Error != "" }) {
		t.Error("no call in the trace has failed")
	}
}

// An order whose event died goes on in its trace when that is replayed, linked with
// who asked for it; so it does when it is announced again by hand.
func TestTraces_one_for_an_order_after_a_replay(t *testing.T) {
	t.Parallel()
	r, dir := otlptest.Start(t), t.TempDir()
	_, c, end := telling(t, r, dir, patient(), gateway.Settings{})
	stock(t, c)
	change(t, dir, `CREATE TRIGGER poison BEFORE INSERT ON payments BEGIN SELECT RAISE(ABORT, 'no room for payments'); END`)
	id := placeWith(t, c, order.Standard, "one")
	var letter string
	eventually(t, "there is a dead letter", func() bool {
		for l, err := range c.DeadLetters(t.Context(), "payment", client.LetterFilter{}) {
			letter = l.ID
			return err == nil
		}
		return false
	})
	if _, err := c.Retry(t.Context(), id, client.Note{By: "ann", Why: "a test"}); err != nil {
		t.Fatal(err)
	}
	change(t, dir, `DROP TRIGGER poison`)
	if _, err := c.ReplayLetters(t.Context(), "payment", client.LetterActionRequest{IDs: []string{letter}, Note: client.Note{By: "ann", Why: "a test"}}); err != nil {
		t.Fatal(err)
	}
	o := awaitClosed(t, c, id)
	end()
	asked := map[string]string{} // who asked for what, by the span that is linked with
	for _, span := range r.Spans() {
		if strings.HasPrefix(span.Name, "POST ") || span.Name == "decide" {
			asked[span.ID] = span.Name
		}
	}
	links := map[string]string{}
	for _, span := range story(t, r, o) {
		for _, l := range span.Links {
			links[short(span.Name)] = asked[l.ID]
		}
	}
	if got := links["process inventory.reserved"]; got != "POST /v1/dead-letters/{service}/replay" {
		t.Errorf("the replay is linked with %q of %v", got, links)
	}
	if got := links["send orders.created"]; got != "decide" {
		t.Errorf("the announcement by hand is linked with %q of %v", got, links)
	}
}

// change changes the payment service's database beside it.
func change(t *testing.T, dir, statement string) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), databaseFile(dir, "payment"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		tx.Exec("a test", statement)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A receiver that is away costs no order.
func TestTraces_to_nobody_lose_no_order(t *testing.T) {
	t.Parallel()
	_, c, end := telling(t, &otlptest.Receiver{URL: "http://127.0.0.1:1/v1/traces"}, t.TempDir(), patient(), gateway.Settings{})
	stock(t, c)
	if o := awaitClosed(t, c, placeWith(t, c, order.Standard, "one")); o.Status != client.Confirmed {
		t.Errorf("the order is %s", o.Status)
	}
	end()
}
