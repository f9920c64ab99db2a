package fault_test

import (
	"time"

	"orderly/internal/client"
	"orderly/internal/cluster"
)

// misbehaves is how long the gateway is not itself.
const misbehaves = 20 * time.Second

// troubleGateway has the gateway misbehave, and meanwhile kills replicas of the
// service that calls it: what each had asked for is then known to the gateway alone.
func troubleGateway(how client.Gateway) func(*rig) {
	return func(r *rig) {
		began := time.Now()
		r.setGateway(how)
		r.sleep(r.plan.between(time.Second, 3*time.Second)) // until calls are under way, or the breaker is open
		killService(cluster.Payment)(r)
		r.sleep(time.Until(began.Add(misbehaves)))
		r.setGateway(client.Gateway{})
	}
}

func (r *rig) setGateway(g client.Gateway) {
	r.t.Helper()
	_, err := r.shop.SetGateway(r.within(), g)
	r.must(err)
	r.t.Logf("the gateway is %+v", g)
}

// nobodysFault checks that waiting for the gateway has used up nobody's attempts.
func nobodysFault(r *rig) {
	r.t.Helper()
	for _, service := range []string{cluster.Order, cluster.Inventory, cluster.Payment} {
		for l, err := range r.shop.DeadLetters(r.t.Context(), service, client.LetterFilter{}) {
			r.must(err)
			r.t.Errorf("%s has the dead letter %+v", service, l)
		}
	}
}
