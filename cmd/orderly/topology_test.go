package main_test

import (
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"orderly/pkg/natsbus"
	"orderly/pkg/natsembed"
)

// broker is a NATS server with a listener, and a connection to it.
func broker(t *testing.T) (url string, js jetstream.JetStream) {
	t.Helper()
	e, err := natsembed.Start(natsembed.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0", MaxStore: 1 << 40})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Shutdown)
	bus, err := natsbus.Connect(t.Context(), natsbus.Config{URL: e.URL()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := bus.Close(t.Context()); err != nil {
			t.Log(err)
		}
	})
	return e.URL(), bus.JetStream()
}

type shownTopology struct {
	Missing, Foreign, Created []string
	Drift, Changed, Left      []struct{ Of, Field, Have, Want, Remedy string }
}

// From an empty server to drift and back: what apply changes, and what it leaves
// to a person.
func TestTopology(t *testing.T) {
	t.Parallel()
	url, js := broker(t)
	run := func(code int, args ...string) (s shownTopology) {
		t.Helper()
		r := orderly(t, append(append([]string{"topology"}, args...), "--nats", url, "--output", "json")...)
		r.wants(t, code)
		decode(t, r, &s)
		return s
	}
	if s := run(1, "diff"); len(s.Missing) != 14 || len(s.Drift) > 0 {
		t.Errorf("on an empty server: %+v, want 4 streams and a consumer for each of 5 things heard and 2 lanes to be missing", s)
	}
	if s := run(0, "apply"); len(s.Created) != 14 {
		t.Errorf("created %v", s.Created)
	}
	if s := run(0, "diff"); len(s.Missing)+len(s.Drift) > 0 {
		t.Errorf("after it was applied: %+v", s)
	}

	stream, err := js.Stream(t.Context(), "ORDERS")
	if err != nil {
		t.Fatal(err)
	}
	changed := stream.CachedInfo().Config
	changed.MaxMsgSize, changed.Subjects = 1000, []string{"orders.>", "shop.>"}
	if _, err := js.UpdateStream(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateConsumer(t.Context(), "ORDERS", jetstream.ConsumerConfig{Durable: "stranger"}); err != nil {
		t.Fatal(err)
	}
	s := run(1, "diff")
	if len(s.Drift) != 2 || s.Drift[0].Of != "stream ORDERS" || s.Drift[0].Have != `["orders.>","shop.>"]` || s.Drift[1].Have != "1000" || len(s.Foreign) != 1 {
		t.Errorf("drift: %+v", s)
	}
	s = run(1, "apply")
	if len(s.Changed) != 1 || s.Changed[0].Field != "max_msg_size" || len(s.Left) != 1 || !strings.Contains(s.Left[0].Remedy, "by hand") {
		t.Errorf("applied: %+v", s)
	}

	// A consumer of a stream with messages is its service's to make.
	if _, err := js.Publish(t.Context(), "orders.created.v1.standard", nil); err != nil {
		t.Fatal(err)
	}
	if err := js.DeleteConsumer(t.Context(), "ORDERS", "inventory-orders-standard"); err != nil {
		t.Fatal(err)
	}
	if s := run(1, "apply"); len(s.Missing) != 1 || len(s.Created) > 0 {
		t.Errorf("with a consumer gone: %+v", s)
	}
}

func TestTopology_show_asks_no_server(t *testing.T) {
	t.Parallel()
	var shown struct {
		Streams []struct {
			Name     string
			Replicas int `json:"num_replicas"`
		}
		Consumers []struct{ Stream string }
	}
	decode(t, orderly(t, "topology", "show", "--replicas", "3", "--output", "json"), &shown)
	if len(shown.Streams) != 4 || len(shown.Consumers) != 10 || shown.Streams[0].Name != "ORDERS" || shown.Streams[0].Replicas != 3 {
		t.Errorf("%+v", shown)
	}
	if text := orderly(t, "topology", "show").stdout; !strings.Contains(text, "inventory-orders-standard") || !strings.Contains(text, "inventory-orders-express") {
		t.Errorf("as text: %s", text)
	}
}

func TestTopology_mistakes(t *testing.T) {
	t.Parallel()
	url, _ := broker(t)
	orderly(t, "topology", "show", "--replicas", "9").wants(t, 2, "--replicas: 9 is not between 1 and 5")
	orderly(t, "topology", "diff", "--ack-wait", "0s").wants(t, 2, "--ack-wait")
	failed := orderly(t, "topology", "apply", "--nats", url, "--replicas", "3")
	failed.wants(t, 1, "replicas need a cluster")
	if strings.Contains(failed.stdout, "nothing to do") {
		t.Errorf("it failed and said: %s", failed.stdout)
	}
	orderly(t, "topology", "diff", "--nats", "nats://me:secret@"+freeAddress(t)).wants(t, 1, "me:xxxxx@", "gave up after")
	orderly(t, "topology", "diff", "--nats", "nats://me:secret,s@host").wants(t, 2, "me:xxxxx,", "%2C")
	orderly(t, "topology", "diff", "--nats", url, "--nats-credentials", "/nonexistent").wants(t, 1, "credentials")
}
