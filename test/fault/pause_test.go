package fault_test

import (
	"time"

	"orderly/internal/app"
	"orderly/internal/cluster"
)

// longerThanAckWait makes the broker deliver again what somebody has in hand.
func (r *rig) longerThanAckWait() time.Duration {
	return r.plan.between(ackWait+time.Second, ackWait+3*time.Second)
}

// pauseService stops a replica of a service where it stands. What it had in
// hand is delivered to the other one; then it goes on as if nothing had been.
func pauseService(r *rig) {
	r.pause(pick(r.plan, r.Replicas).Node)
}

// pauseLeader stops the server that leads a stream where it stands. The others
// elect a leader; then it goes on and believes that it still leads.
func pauseLeader(r *rig) { r.pause(r.leader(app.StreamOrders).Node) }

func (r *rig) pause(victim *cluster.Node) {
	r.t.Helper()
	d := r.longerThanAckWait()
	r.t.Logf("pause %s for %s", victim.Name, d)
	r.must(victim.Pause())
	r.sleep(d)
	r.must(victim.Resume())
}
