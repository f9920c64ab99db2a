package engine_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"orderly/pkg/engine"
	"orderly/pkg/event"
)

// G1: a consumer, or a whole stream, that vanishes under a running engine is
// made again, and what is published afterwards is handled.
func TestEngine_Restore(t *testing.T) {
	t.Parallel()
	for name, vanish := range map[string]func(context.Context, jetstream.JetStream) error{
		"consumer": func(ctx context.Context, js jetstream.JetStream) error {
			return js.DeleteConsumer(ctx, "deposits", service)
		},
		"stream": func(ctx context.Context, js jetstream.JetStream) error {
			return js.DeleteStream(ctx, "deposits")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, onSQLite(t))
			var restored atomic.Int32
			r.start(func(c *engine.Config) {
				c.Restore = func(ctx context.Context) error {
					restored.Add(1)
					_, err := r.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: "deposits", Subjects: []string{"deposits.>"}})
					if err != nil {
						return err
					}
					_, err = r.js.CreateOrUpdateConsumer(ctx, "deposits", jetstream.ConsumerConfig{
						Durable: service, AckPolicy: jetstream.AckExplicitPolicy, MaxDeliver: -1,
					})
					return err
				}
			})
			r.publish(one(1, "before"))
			r.drained()
			if err := vanish(t.Context(), r.js); err != nil {
				t.Fatal(err)
			}
			r.await("the restore", func() bool { return restored.Load() > 0 })
			r.await("a consumer", func() bool {
				_, err := r.js.Consumer(t.Context(), "deposits", service)
				return err == nil
			})
			// A stream that was made just now may let a publish go unanswered.
			r.await("the stream takes an event", func() bool { return r.trySend([]event.Event{r.made(one(2, "after"))}) == nil })
			r.drained()
		})
	}
}
