package fault_test

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// rollServices restarts every replica in turn, as a release does. The customers
// ask once: no request may fail. Nothing may be delivered twice (G8).
func rollServices(r *rig) {
	for _, replica := range r.Replicas {
		r.must(replica.Restart(r.within()))
	}
}

// rollBrokers restarts every NATS server in turn, as an upgrade does.
func rollBrokers(r *rig) {
	for _, b := range r.Brokers {
		r.must(b.LameDuck(r.within()))
		r.must(b.Start(r.within()))
		r.sleep(time.Second)
	}
}

// deliveredOnce waits until all consumers have heard all there is, and compares
// how many deliveries that took.
func deliveredOnce(r *rig) {
	r.t.Helper()
	ctx := r.within()
	js := r.streams()
	names := js.StreamNames(ctx)
	for name := range names.Name() {
		stream, err := js.Stream(ctx, name)
		r.must(err)
		consumers := stream.ListConsumers(ctx)
		for c := range consumers.Info() {
			if c.Config.AckPolicy == jetstream.AckExplicitPolicy {
				r.checkDeliveries(ctx, stream, c)
			}
		}
		r.must(consumers.Err())
	}
	r.must(names.Err())
}

func (r *rig) checkDeliveries(ctx context.Context, stream jetstream.Stream, c *jetstream.ConsumerInfo) {
	r.t.Helper()
	for c.NumPending > 0 || c.NumAckPending > 0 {
		r.sleep(100 * time.Millisecond)
		consumer, err := stream.Consumer(ctx, c.Name)
		r.must(err)
		c = consumer.CachedInfo()
	}
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(c.Config.FilterSubject))
	r.must(err)
	var there uint64
	for _, n := range info.State.Subjects {
		there += n
	}
	if c.Delivered.Consumer != there {
		r.t.Errorf("G8: consumer %s of %d messages had %d deliveries", c.Name, there, c.Delivered.Consumer)
	}
}
