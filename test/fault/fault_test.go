package fault_test

import (
	"os"
	"testing"

	"orderly/internal/client"
	"orderly/internal/cluster"
	"orderly/internal/pgtest"
)

// scenario is one way to break the system.
type scenario struct {
	name string
	// configure, if not nil, changes what cluster is started.
	configure func(*testing.T, *cluster.Config)
	// impatient customers ask once: any error at the front door is a failure.
	impatient bool
	// fault breaks something and mends it again. The load goes on meanwhile.
	fault func(*rig)
	// check, if not nil, looks at more than every scenario does, in the end.
	check func(*rig)
}

// TestCluster starts a cluster, places orders and stops it.
func TestCluster(t *testing.T) {
	pgtest.Need(t)
	run(t, seed(t), scenario{name: "nothing", impatient: true, fault: func(*rig) {}})
}

// TestFaults breaks the system in every way that the package's comment lists.
func TestFaults(t *testing.T) {
	pgtest.Need(t)
	if os.Getenv("ORDERLY_FAULTS") == "" {
		t.Skip("takes minutes: run make test-faults")
	}
	s := seed(t)
	for _, one := range scenarios() {
		t.Run(one.name, func(t *testing.T) {
			t.Parallel() // mostly waits: -parallel says how many clusters the machine carries
			run(t, s, one)
		})
	}
}

func scenarios() []scenario {
	return []scenario{
		{name: "kill-order", fault: killService(cluster.Order)},
		{name: "kill-inventory", fault: killService(cluster.Inventory)},
		{name: "kill-payment", fault: killService(cluster.Payment)},
		{name: "kill-broker", fault: killBroker},
		{name: "kill-leader", fault: killLeader},
		{name: "kill-postgres", fault: killPostgres},
		{name: "kill-backend", fault: killBackend},
		{name: "kill-anything", fault: killAnything},
		{name: "gateway-away", fault: troubleGateway(client.Gateway{OutageFor: misbehaves.String()}), check: nobodysFault},
		{name: "gateway-slow", fault: troubleGateway(client.Gateway{Latency: "1s", Jitter: "2s"}), check: nobodysFault},
		{name: "gateway-deaf", fault: troubleGateway(client.Gateway{Latency: "100ms", LoseAnswers: 0.3}), check: nobodysFault},
		{name: "pause-service", fault: pauseService},
		{name: "pause-leader", fault: pauseLeader},
		{name: "cut-replica", fault: cutReplica},
		{name: "cut-service", fault: cutService},
		{name: "cut-broker", fault: cutBroker},
		{name: "cut-sending", fault: cutSending},
		{name: "cut-hearing", fault: cutHearing},
		{name: "clock-jump", configure: movableClocks, fault: jumpClocks},
		{name: "full-disk", configure: smallDisks, fault: fillDisks},
		{name: "wipe-stream", fault: wipeStream},
		{name: "wipe-brokers", fault: wipeBrokers},
		{name: "rolling-services", impatient: true, fault: rollServices, check: deliveredOnce},
		{name: "rolling-brokers", fault: rollBrokers},
		{name: "rolling-upgrade", configure: oldFleet, impatient: true, fault: upgrade, check: upgradedQuietly},
	}
}

func run(t *testing.T, seed uint64, s scenario) {
	r := start(t, newPlan(seed, s.name), s)
	s.fault(r)
	r.finish()
	if s.check != nil {
		s.check(r)
	}
}
