package app

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"orderly/events"
	"orderly/order"
	"orderly/pkg/natsbus/natstest"
)

func TestVersions_defaults(t *testing.T) {
	t.Parallel()
	var v Versions
	if got := v.published(events.NameOrderCreated); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("published in versions %v, want both", got)
	}
	if got := v.read(events.NameOrderCreated); got != 1 {
		t.Errorf("read in version %d, want the oldest", got)
	}
	says := v.says(OrderService)
	if got, want := slices.Sorted(maps.Keys(says)), []string{"orders.cancelled", "orders.confirmed", "orders.created"}; !slices.Equal(got, want) {
		t.Errorf("the order service says %v, want %v", got, want)
	}
}

func TestVersions_are_read_from_settings(t *testing.T) {
	t.Parallel()
	var v Versions
	if err := v.ParsePublished(" orders.created.v2 , orders.created.v1,"); err != nil || !slices.Equal(v.published(events.NameOrderCreated), []int{1, 2}) {
		t.Errorf("published %v, %v", v, err)
	}
	if err := v.ParsePublished("orders.created.v1"); err != nil || !slices.Equal(v.published(events.NameOrderCreated), []int{1}) {
		t.Errorf("published %v, %v", v, err)
	}
	if err := v.ParseRead("orders.created.v2"); err != nil || v.read(events.NameOrderCreated) != 2 {
		t.Errorf("read %v, %v", v, err)
	}
	if err := v.ParseRead(""); err != nil || v.read(events.NameOrderCreated) != 1 {
		t.Errorf("read %v, %v", v, err)
	}
	for text, want := range map[string]string{
		"orders.created":                      "no version of an event",
		"orders.created.v3":                   "orders.created.v3 is not in use: of orders.created this build says and reads versions [1 2]",
		"orders.lost.v1":                      "versions []",
		"orders.created.v0":                   "no version of an event",
		"orders.created.v1,orders.created.v1": "named twice",
	} {
		if err := new(Versions).ParsePublished(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
	if err := new(Versions).ParseRead("orders.created.v1,orders.created.v2"); err == nil || !strings.Contains(err.Error(), "a service reads one") {
		t.Errorf("got %v", err)
	}
}

// G7: a version that a reader does not know never arrives: its durables filter the
// versions that it reads, and one that reads others has durables of its own.
func TestG7_channels_filter_versions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		read     map[string]int
		durables []string
		filters  []string // of the first
	}{
		"the first": {nil, []string{"inventory-orders-standard", "inventory-orders-express"}, []string{"orders.*.v1.standard"}},
		"the second": {
			map[string]int{events.NameOrderCreated: 2}, []string{"inventory-orders-created-v2-standard", "inventory-orders-created-v2-express"},
			[]string{"orders.cancelled.v1.standard", "orders.confirmed.v1.standard", "orders.created.v2.standard"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var durables []string
			all := channels(InventoryService, inventoryHears(), Versions{Read: test.read})
			for _, c := range all {
				durables = append(durables, c.durable)
				if len(c.heard.channels) != 2 || !c.heard.has(c.durable) || len(c.heard.retired) != 0 {
					t.Errorf("%s is one of %+v, want two", c.durable, c.heard.channels)
				}
			}
			if !slices.Equal(durables, test.durables) || !slices.Equal(all[0].filters, test.filters) {
				t.Errorf("durables %v, the first with filters %v, want %v and %v", durables, all[0].filters, test.durables, test.filters)
			}
		})
	}
	for _, c := range channels(PaymentService, paymentHears(), Versions{Read: map[string]int{events.NameOrderCreated: 2}}) {
		if strings.Contains(c.durable, "v2") {
			t.Errorf("payment has %s, though it does not hear what has a second version", c.durable)
		}
	}
}

// G1: a durable that replicas have left holds redrive back no more.
func TestHorizon_of_a_reader_that_moved(t *testing.T) {
	t.Parallel()
	js := natstest.Connect(t, natstest.Start(t)).JetStream()
	ctx := t.Context()
	if _, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: StreamOrders, Subjects: []string{"orders.>"}}); err != nil {
		t.Fatal(err)
	}
	h := horizon{js: js, hearings: hearings(InventoryService, inventoryHears())}
	heard := h.hearings[slices.IndexFunc(h.hearings, func(h hearing) bool { return h.lane == order.Standard })]
	consumers := make([]jetstream.Consumer, 2)
	for i, c := range heard.channels {
		var err error
		consumers[i], err = js.CreateConsumer(ctx, StreamOrders, jetstream.ConsumerConfig{Durable: c.durable, FilterSubjects: c.filters, AckPolicy: jetstream.AckExplicitPolicy})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, subject := range []string{"orders.created.v1.standard", "orders.created.v2.standard"} {
		if _, err := js.Publish(ctx, subject, nil); err != nil {
			t.Fatal(err)
		}
	}
	at := func() (string, time.Duration) {
		t.Helper()
		p, err := h.look(ctx, heard)
		if err != nil {
			t.Fatal(err)
		}
		return p.durable, p.lag
	}
	if _, err := consumers[1].Next(); err != nil {
		t.Fatal(err)
	}
	if durable, lag := at(); durable != "inventory-orders-created-v2-standard" || lag != 0 {
		t.Errorf("%s is %s behind, want the new one to count, which is not", durable, lag)
	}
	if _, err := js.Publish(ctx, "orders.confirmed.v1.standard", nil); err != nil {
		t.Fatal(err)
	}
	if durable, lag := at(); durable != "inventory-orders-created-v2-standard" || lag <= 0 {
		t.Errorf("%s is %s behind, want the new one, which is behind less", durable, lag)
	}
}
