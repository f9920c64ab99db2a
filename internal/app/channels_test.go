package app

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"orderly/pkg/natsbus/natstest"
)

// What nobody listens to, and what waits or is in somebody's hands, shows.
func TestChannels(t *testing.T) {
	t.Parallel()
	js := natstest.Connect(t, natstest.Start(t)).JetStream()
	ctx := t.Context()
	h := horizon{js: js, hearings: hearings(PaymentService, []reads{{StreamOrders, "orders.cancelled"}})}
	if got, err := h.Channels(ctx); err != nil || len(got) == 0 || got[0].Exists || got[0].Service != PaymentService || got[0].Stream != StreamOrders {
		t.Errorf("without a stream: %+v, %v", got, err)
	}
	if _, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: StreamOrders, Subjects: []string{"orders.>"}}); err != nil {
		t.Fatal(err)
	}
	c, err := js.CreateConsumer(ctx, StreamOrders, jetstream.ConsumerConfig{
		Durable: h.hearings[0].channels[0].durable, FilterSubject: h.hearings[0].channels[0].filters[0], AckPolicy: jetstream.AckExplicitPolicy,
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := js.Publish(ctx, "orders.cancelled.v1.standard", nil); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.Next(); err != nil { // in hand, never answered
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; { // the server counts a moment later
		got, err := h.Channels(ctx)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%+v, %v, want one in hand and one that waits", got, err)
		}
		if g := got[0]; g.Exists && g.Waiting == 1 && g.InHand == 1 && g.Lag != "" && g.Lag != "0s" && !g.Delivered.IsZero() {
			return
		}
	}
}
