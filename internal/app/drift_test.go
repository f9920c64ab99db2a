package app

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"orderly/pkg/httpkit"
	"orderly/pkg/natsbus"
	"orderly/pkg/natsbus/natstest"
)

// Drift with which the promises hold is told; with other drift a process is not
// ready.
func TestDrift_in_readiness(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*jetstream.StreamConfig, *jetstream.ConsumerConfig)
		ready  bool
		says   string
	}{
		"none": {nil, true, ""},
		"other subjects": {func(s *jetstream.StreamConfig, _ *jetstream.ConsumerConfig) {
			s.Subjects = []string{"orders.created.>"}
		}, false, "stream ORDERS: subjects is"},
		"discards old":      {func(s *jetstream.StreamConfig, _ *jetstream.ConsumerConfig) { s.Discard = jetstream.DiscardOld }, false, "stream ORDERS: discard is DiscardOld"},
		"smaller messages":  {func(s *jetstream.StreamConfig, _ *jetstream.ConsumerConfig) { s.MaxMsgSize = 1000 }, false, "stream ORDERS: max_msg_size is 1000"},
		"gives up":          {func(_ *jetstream.StreamConfig, c *jetstream.ConsumerConfig) { c.MaxDeliver = 5 }, false, inventoryOrders + ": max_deliver is 5"},
		"acknowledges none": {func(_ *jetstream.StreamConfig, c *jetstream.ConsumerConfig) { c.AckPolicy = jetstream.AckNonePolicy }, false, inventoryOrders + ": ack_policy is AckNone"},
		"keeps less":        {func(s *jetstream.StreamConfig, _ *jetstream.ConsumerConfig) { s.MaxAge = time.Hour }, true, "stream ORDERS: max_age is 1h0m0s"},
		"waits longer":      {func(_ *jetstream.StreamConfig, c *jetstream.ConsumerConfig) { c.AckWait = time.Hour }, true, inventoryOrders + ": ack_wait is 1h0m0s"},
		"fewer at a time":   {func(_ *jetstream.StreamConfig, c *jetstream.ConsumerConfig) { c.MaxAckPending = 10 }, true, inventoryOrders + ": max_ack_pending is 10"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKeeper(t)
			if test.change != nil {
				k.setUp(test.change)
			}
			k.looks()
			err := k.check(t.Context())
			status, body := readiness(t, k.check)
			if (status == http.StatusOK) != test.ready || !strings.Contains(body, test.says) {
				t.Errorf("%d %s (%v), want ready %v and %q", status, body, err, test.ready, test.says)
			}
			if test.says != "" && !strings.Contains(body, "orderly topology diff") {
				t.Errorf("%s does not say what to do", body)
			}
			k.wants(StreamOrders) // it is no loss
		})
	}
}

// setUp replaces what the service found at its start.
func (k *keeper) setUp(change func(*jetstream.StreamConfig, *jetstream.ConsumerConfig)) {
	k.t.Helper()
	ctx := k.t.Context()
	s, c := k.topology.Streams[0], k.topology.Consumers[0].Config
	change(&s, &c)
	_, err := k.stream.UpdateStream(ctx, s)
	k.must(err)
	k.must(k.stream.DeleteConsumer(ctx, StreamOrders, c.Durable))
	_, err = k.stream.CreateConsumer(ctx, StreamOrders, c)
	k.must(err)
}

func readiness(t *testing.T, check httpkit.Check) (status int, body string) {
	t.Helper()
	h := httpkit.NewHealth()
	h.Ready("inventory-topology", check)
	mux := http.NewServeMux()
	h.Register(mux)
	w := httptest.NewRecorder()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	mux.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// A start that cannot come to a good end says why, and what to do.
func TestStart_refuses(t *testing.T) {
	t.Parallel()
	stream := func(cfg jetstream.StreamConfig) func(*testing.T, jetstream.JetStream) {
		return func(t *testing.T, js jetstream.JetStream) {
			if _, err := js.CreateStream(t.Context(), cfg); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, test := range map[string]struct {
		replicas int
		before   func(*testing.T, jetstream.JetStream)
		want     string
	}{
		"somebody else's subjects": {1, stream(jetstream.StreamConfig{Name: "SHOP", Subjects: []string{"orders.created.>"}}), "another stream has these subjects already"},
		"a work queue":             {1, workQueue, "the stream is a work queue"},
		"three copies on one":      {3, nil, "replicas need a cluster"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bus := natstest.Connect(t, natstest.Start(t))
			if test.before != nil {
				test.before(t, bus.JetStream())
			}
			err := startOn(t, bus, test.replicas)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// A server without JetStream is given the time that an election takes, no more.
func TestStart_refuses_a_server_without_JetStream(t *testing.T) {
	t.Parallel()
	srv, err := server.NewServer(&server.Options{DontListen: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	bus, err := natsbus.Connect(t.Context(), natsbus.Config{Options: []nats.Option{nats.InProcessServer(srv)}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bus.Close(context.Background()) })
	if err := startOn(t, bus, 1); err == nil || !strings.Contains(err.Error(), "JetStream does not answer: enable it on the server") {
		t.Errorf("got %v", err)
	}
}

// workQueue is a stream that another service reads already.
func workQueue(t *testing.T, js jetstream.JetStream) {
	t.Helper()
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: StreamOrders, Subjects: []string{"orders.>"}, Retention: jetstream.WorkQueuePolicy}); err != nil {
		t.Fatal(err)
	}
	other := jetstream.ConsumerConfig{Durable: "payment-orders-standard", FilterSubject: "orders.cancelled.v1.standard", AckPolicy: jetstream.AckExplicitPolicy}
	if _, err := js.CreateConsumer(t.Context(), StreamOrders, other); err != nil {
		t.Fatal(err)
	}
}

// startOn is what a service's start makes of a broker.
func startOn(t *testing.T, bus *natsbus.Conn, replicas int) error {
	t.Helper()
	db := inventoryDB(t)
	registry, err := NewRegistry()
	if err != nil {
		t.Fatal(err)
	}
	service, err := NewInventory(Deps{DB: db, Bus: bus, Registry: registry, Replicas: replicas, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	return service.prepare(t.Context())
}
