package app

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"orderly/events"
	"orderly/internal/adoption"
	"orderly/pkg/natsbus"
	"orderly/pkg/natsbus/natstest"
)

// Who reads which version, and how far they are, is as the broker has it: also for
// readers that are none of the services.
func TestAdoption(t *testing.T) {
	t.Parallel()
	js := natstest.Connect(t, natstest.Start(t)).JetStream()
	ctx := t.Context()
	a := adoptions{js: js, hearings: everything()}
	if _, err := a.state(ctx, "orders.lost"); !errors.Is(err, errNoEvent) {
		t.Errorf("got %v", err)
	}
	if _, err := (natsbus.Topology{Streams: streams(1)}).Reconcile(ctx, js); err != nil {
		t.Fatal(err)
	}
	make := func(cfg jetstream.ConsumerConfig) jetstream.Consumer {
		t.Helper()
		cfg.AckPolicy = jetstream.AckExplicitPolicy
		c, err := js.CreateConsumer(ctx, StreamOrders, cfg)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	old, moved := channels(InventoryService, inventoryHears(), Versions{})[0], channels(InventoryService, inventoryHears(), Versions{Read: map[string]int{events.NameOrderCreated: 2}})[0]
	make(jetstream.ConsumerConfig{Durable: old.durable, FilterSubjects: old.filters})
	reading := make(jetstream.ConsumerConfig{Durable: moved.durable, FilterSubjects: moved.filters})
	make(jetstream.ConsumerConfig{Durable: "mailer", FilterSubject: "orders.created.v1.*"})
	make(jetstream.ConsumerConfig{Durable: "archive"})
	make(jetstream.ConsumerConfig{Durable: "billing", FilterSubject: "orders.confirmed.>"})
	for _, version := range []string{"v1", "v2"} {
		if _, err := js.Publish(ctx, "orders.created."+version+".standard", nil); err != nil {
			t.Fatal(err)
		}
	}
	m, err := reading.Next()
	if err != nil {
		t.Fatal(err)
	}
	if err := m.DoubleAck(ctx); err != nil {
		t.Fatal(err)
	}
	waiting, err := reading.Consume(func(jetstream.Msg) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(waiting.Stop)
	var s adoption.State
	live := func(r adoption.Reader) bool { return r.Consumer == moved.durable && r.Live() }
	for deadline := time.Now().Add(20 * time.Second); !slices.ContainsFunc(s.Readers, live); { // the server has yet to get the pull
		if s, err = a.state(ctx, events.NameOrderCreated); err != nil || time.Now().After(deadline) {
			t.Fatalf("the pull is not known: %+v, %v", s, err)
		}
	}
	if len(s.Versions) != 2 || s.Versions[0].First.IsZero() || !s.Versions[0].Last.Equal(s.Versions[0].First) || s.Versions[1].First.Before(s.Versions[0].First) {
		t.Errorf("versions %+v", s.Versions)
	}
	type line struct {
		consumer string
		version  int
		service  string
		live     bool
		unread   bool
		left     bool
	}
	var got []line
	for _, r := range s.Readers {
		got = append(got, line{r.Consumer, r.Version, r.Service, r.Live(), !r.Unread.IsZero(), r.Left})
	}
	want := []line{
		{"archive", 1, "", false, true, false},
		{"archive", 2, "", false, true, false},
		{moved.durable, 2, InventoryService, true, false, false},
		{old.durable, 1, InventoryService, false, true, true},
		{"mailer", 1, "", false, true, false},
	}
	if !slices.Equal(got, want) {
		t.Errorf("readers:\n got %+v\nwant %+v", got, want)
	}
}
