package natsbus_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"orderly/pkg/natsbus"
	"orderly/pkg/natsbus/natstest"
)

// threefold is a stream on three nodes, read by one consumer.
func threefold() natsbus.Topology {
	return natsbus.Topology{
		Streams: []jetstream.StreamConfig{{Name: "DEPOT", Subjects: []string{"depot.>"}, Replicas: 3}},
		Consumers: []natsbus.Consumer{{Stream: "DEPOT", Config: jetstream.ConsumerConfig{
			Durable: "counter", AckPolicy: jetstream.AckExplicitPolicy, MaxDeliver: -1,
		}}},
	}
}

// patient is for elections, which may take long on a busy machine.
func patient(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// A program that starts before its cluster is whole comes up by itself.
func TestTopology_waits_for_the_nodes_of_a_cluster(t *testing.T) {
	t.Parallel()
	c := natstest.NewCluster(t, 3)
	c.Start(0)
	js := c.Connect().JetStream()
	try := func(d time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		defer cancel()
		_, err := threefold().Reconcile(ctx, js)
		return err
	}
	wantWait := func(what string) {
		t.Helper()
		if err := try(2 * time.Second); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: got %v, want that it waits", what, err)
		}
	}
	wantWait("one node of three, no leader")
	c.Start(1)
	c.Start(2)
	if err := try(2 * time.Minute); err != nil {
		t.Fatal(err)
	}
	c.Stop(2)
	other := threefold()
	other.Streams[0].Name, other.Streams[0].Subjects, other.Consumers = "OTHER", []string{"other.>"}, nil
	if _, err := other.Reconcile(patient(t), js); err != nil {
		t.Errorf("with two nodes of three: %v", err)
	}
}

// G1: what was acknowledged is there and is read once a node, the leader, is gone
// and back.
func TestCluster_changes_its_leader(t *testing.T) {
	t.Parallel()
	ctx := patient(t)
	c := natstest.StartCluster(t)
	js := c.Connect().JetStream()
	if _, err := threefold().Reconcile(ctx, js); err != nil {
		t.Fatal(err)
	}
	publish := func(from, to int) {
		for n := from; n < to; n++ {
			c.Await("an acknowledgement", func() bool {
				ctx, cancel := context.WithTimeout(ctx, 2*time.Second) // a node that dies does not answer
				defer cancel()
				_, err := js.Publish(ctx, "depot.in", fmt.Append(nil, n))
				return err == nil
			})
		}
	}
	publish(0, 20)
	leader := streamLeader(t, c, js)
	c.Stop(leader)
	publish(20, 40)
	c.Start(leader)
	c.Await("a whole cluster", func() bool {
		s, err := js.Stream(t.Context(), "DEPOT")
		return err == nil && whole(s.CachedInfo())
	})
	c.Stop(streamLeader(t, c, js))
	publish(40, 60)
	seen := make(map[string]bool)
	c.Await("all messages", func() bool {
		consumer, err := js.Consumer(t.Context(), "DEPOT", "counter")
		if err != nil {
			return false
		}
		batch, err := consumer.Fetch(100, jetstream.FetchMaxWait(time.Second))
		if err != nil {
			return false
		}
		for m := range batch.Messages() {
			seen[string(m.Data())] = true
			_ = m.Ack() // a lost one comes again
		}
		return len(seen) == 60
	})
}

func streamLeader(t *testing.T, c *natstest.Cluster, js jetstream.JetStream) (node int) {
	t.Helper()
	c.Await("a leader", func() bool {
		s, err := js.Stream(t.Context(), "DEPOT")
		if err != nil {
			return false
		}
		_, err = fmt.Sscanf(s.CachedInfo().Cluster.Leader, "node-%d", &node)
		return err == nil
	})
	return node
}

func whole(info *jetstream.StreamInfo) bool {
	if info.Cluster == nil || info.Cluster.Leader == "" || len(info.Cluster.Replicas) != 2 {
		return false
	}
	for _, r := range info.Cluster.Replicas {
		if !r.Current || r.Offline {
			return false
		}
	}
	return true
}
