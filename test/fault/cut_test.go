package fault_test

import (
	"orderly/internal/app"
	"orderly/internal/cluster"
)

// cutReplica cuts one replica away from all brokers; the other goes on.
func cutReplica(r *rig) {
	r.cut(pick(r.plan, r.Replicas).Links, (*cluster.Link).Cut)
}

// cutService cuts all replicas of a service away from all brokers.
func cutService(r *rig) {
	var wires []*cluster.Link
	for _, replica := range r.Of(pick(r.plan, r.Replicas).Service) {
		wires = append(wires, replica.Links...)
	}
	r.cut(wires, (*cluster.Link).Cut)
}

// cutBroker cuts the leader of a stream away from all services, not from the
// other brokers: it still leads.
func cutBroker(r *rig) { r.cut(r.wiresTo(r.leader(app.StreamOrders)), (*cluster.Link).Cut) }

// cutSending lets one replica hear, but nothing that it says arrives.
func cutSending(r *rig) {
	r.cut(pick(r.plan, r.Replicas).Links, (*cluster.Link).CutThere)
}

// cutHearing lets one replica speak, but it hears nothing.
func cutHearing(r *rig) {
	r.cut(pick(r.plan, r.Replicas).Links, (*cluster.Link).CutBack)
}

// wiresTo are the ways of all replicas to a broker.
func (r *rig) wiresTo(b *cluster.Broker) []*cluster.Link {
	var wires []*cluster.Link
	for i, one := range r.Brokers {
		if one != b {
			continue
		}
		for _, replica := range r.Replicas {
			wires = append(wires, replica.Links[i])
		}
	}
	return wires
}

func (r *rig) cut(wires []*cluster.Link, how func(*cluster.Link)) {
	r.t.Helper()
	d := r.longerThanAckWait()
	r.t.Logf("cut %d wires for %s", len(wires), d)
	for _, w := range wires {
		how(w)
	}
	r.sleep(d)
	for _, w := range wires {
		w.Mend()
	}
}
