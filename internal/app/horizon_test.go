package app

import (
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"orderly/order"
	"orderly/pkg/natsbus/natstest"
)

// G1: only what the broker has yet to deliver holds redrive back. A message that
// somebody has in hand, for however long, does not.
func TestHorizon(t *testing.T) {
	t.Parallel()
	js := natstest.Connect(t, natstest.Start(t)).JetStream()
	ctx := t.Context()
	h := horizon{js: js, hearings: hearings(PaymentService, []reads{{StreamOrders, "orders.cancelled"}})}
	lag := func() time.Duration {
		t.Helper()
		waited, err := h.Lag(ctx)
		if err != nil || waited[order.Express] != 0 {
			t.Fatalf("behind by %v, %v, want no error and nothing on the express lane", waited, err)
		}
		return waited[order.Standard]
	}
	isNow := func(what string) {
		t.Helper()
		if got := lag(); got != 0 {
			t.Errorf("%s: %s behind, want nothing", what, got)
		}
	}
	isNow("no stream")
	if _, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: StreamOrders, Subjects: []string{"orders.>"}}); err != nil {
		t.Fatal(err)
	}
	isNow("no consumer")
	slow := h.hearings[slices.IndexFunc(h.hearings, func(h hearing) bool { return h.lane == order.Standard })].channels[0]
	c, err := js.CreateConsumer(ctx, StreamOrders, jetstream.ConsumerConfig{
		Durable: slow.durable, FilterSubject: slow.filters[0], AckPolicy: jetstream.AckExplicitPolicy,
	})
	if err != nil {
		t.Fatal(err)
	}
	isNow("no message")
	fast := h.hearings[slices.IndexFunc(h.hearings, func(h hearing) bool { return h.lane == order.Express })].channels[0]
	if _, err := js.CreateConsumer(ctx, StreamOrders, jetstream.ConsumerConfig{
		Durable: fast.durable, FilterSubject: fast.filters[0], AckPolicy: jetstream.AckExplicitPolicy,
	}); err != nil {
		t.Fatal(err)
	}
	for _, subject := range []string{"orders.created.v1.standard", "orders.cancelled.v1.standard", "orders.cancelled.v1.standard"} {
		if _, err := js.Publish(ctx, subject, nil); err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); ; { // the server counts what waits a moment after it acknowledges
		info, err := c.Info(ctx)
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("two messages do not wait: %+v, %v", info, err)
		}
		if info.NumPending == 2 {
			break
		}
	}
	for seq := uint64(2); seq <= 3; seq++ {
		stored, err := stream(t, js).GetMsg(ctx, seq)
		if err != nil {
			t.Fatal(err)
		}
		before := time.Since(stored.Time) // one clock here: the broker's is the test's
		got := lag()
		if after := time.Since(stored.Time); got < before || got > after {
			t.Errorf("%s behind, want the age of message %d, the first that waits: %s to %s", got, seq, before, after)
		}
		if _, err := c.Next(); err != nil { // in hand, never answered
			t.Fatal(err)
		}
	}
	isNow("everything is in somebody's hands")
}

func stream(t *testing.T, js jetstream.JetStream) jetstream.Stream {
	t.Helper()
	s, err := js.Stream(t.Context(), StreamOrders)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
