package fault_test

import (
	"time"

	"orderly/internal/app"
	"orderly/internal/cluster"
)

// wipeStream deletes each stream in turn through the broker's API, while it
// holds what nobody has heard yet. Nobody tells the services; they make it
// again, and heal what was lost.
func wipeStream(r *rig) {
	streams := []string{app.StreamOrders, app.StreamInventory, app.StreamPayments}
	r.plan.Shuffle(len(streams), func(i, j int) { streams[i], streams[j] = streams[j], streams[i] })
	var lost uint64
	for _, name := range streams {
		deaf := r.unheard(name)
		n := r.waiting(name)
		lost += n
		r.t.Logf("delete stream %s with %d messages that nobody has heard", name, n)
		r.must(r.streams().DeleteStream(r.within(), name))
		r.resume(deaf)
		r.sleep(r.plan.between(time.Second, 3*time.Second))
	}
	r.wantLoss(lost)
}

// wipeBrokers kills all NATS servers and removes everything that they stored:
// streams with what nobody has heard yet, consumers, and who is in the cluster.
func wipeBrokers(r *rig) {
	deaf := r.unheard(app.StreamOrders)
	lost := r.waiting(app.StreamOrders)
	r.wantLoss(lost)
	r.t.Logf("wipe all brokers with %d messages that nobody has heard", lost)
	for _, b := range r.Brokers {
		b.Kill()
	}
	for _, b := range r.Brokers {
		r.must(b.Wipe())
	}
	r.startBrokers()
	r.resume(deaf)
}

// backlog is how long messages gather. It is less than AckWait: what is in hand
// is not delivered again.
const backlog = 1500 * time.Millisecond

// pullsEnd is a little longer than a service's pull: what the broker delivers
// to one that was paused in the middle of it is not unheard.
const pullsEnd = 1200 * time.Millisecond

// unheard lets a stream fill with messages that have not been delivered, by
// pausing a service that hears it, which is returned. ORDERS gets the ends of
// orders too, not only their beginnings: for that, payment is held up first.
func (r *rig) unheard(stream string) (deaf string) {
	r.t.Helper()
	deaf = map[string]string{app.StreamOrders: cluster.Inventory, app.StreamInventory: cluster.Payment, app.StreamPayments: cluster.Order}[stream]
	if deaf != cluster.Payment {
		r.pauseAll(cluster.Payment)
		r.sleep(backlog)
	}
	r.pauseAll(deaf)
	r.sleep(pullsEnd)
	if deaf != cluster.Payment {
		r.resume(cluster.Payment)
	}
	r.sleep(backlog)
	return deaf
}

func (r *rig) pauseAll(service string) {
	r.t.Helper()
	for _, replica := range r.Of(service) {
		r.must(replica.Pause())
	}
}

func (r *rig) resume(service string) {
	r.t.Helper()
	for _, replica := range r.Of(service) {
		r.must(replica.Resume())
	}
}

// waiting is how many messages of a stream have not been delivered to the
// service that has heard the least.
func (r *rig) waiting(stream string) uint64 {
	r.t.Helper()
	s, err := r.streams().Stream(r.within(), stream)
	r.must(err)
	var most uint64
	consumers := s.ListConsumers(r.within())
	for c := range consumers.Info() {
		most = max(most, c.NumPending)
	}
	r.must(consumers.Err())
	return most
}

// wantLoss fails a scenario that proves nothing.
func (r *rig) wantLoss(messages uint64) {
	r.t.Helper()
	if messages == 0 {
		r.t.Error("everything had been heard: the wipe lost nothing")
	}
}

// startBrokers starts all, since one alone is never ready.
func (r *rig) startBrokers() {
	r.t.Helper()
	for _, b := range r.Brokers {
		r.must(b.Launch())
	}
	for _, b := range r.Brokers {
		r.must(b.Ready(r.within()))
	}
}
