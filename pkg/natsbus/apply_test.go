package natsbus_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"orderly/pkg/natsbus"
	"orderly/pkg/natsbus/natstest"
)

// fields lists what differs, as "DEPOT/counter ack_wait".
func fields(drifts []natsbus.Drift) []string {
	var out []string
	for _, d := range drifts {
		out = append(out, strings.TrimSuffix(d.Stream+"/"+d.Consumer, "/")+" "+d.Field)
	}
	return out
}

func difference(t *testing.T, topology natsbus.Topology, js jetstream.JetStream) natsbus.Difference {
	t.Helper()
	d, err := topology.Diff(testContext(t), js)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func apply(t *testing.T, topology natsbus.Topology, js jetstream.JetStream) natsbus.Applied {
	t.Helper()
	done, err := topology.Apply(testContext(t), js)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestTopology_Diff(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	js := natstest.Connect(t, natstest.Start(t)).JetStream()
	if d := difference(t, depot(), js); !slices.Equal(d.Missing, []string{"stream DEPOT", "consumer DEPOT/counter", "consumer DEPOT/auditor"}) || d.None() {
		t.Errorf("on an empty server: %+v", d)
	}
	if _, err := js.Stream(ctx, "DEPOT"); err == nil {
		t.Error("it made something")
	}
	apply(t, depot(), js)
	for _, foreign := range []jetstream.ConsumerConfig{{Durable: "stranger"}, {Name: "passer-by", InactiveThreshold: time.Minute}} {
		if _, err := js.CreateConsumer(ctx, "DEPOT", foreign); err != nil {
			t.Fatal(err)
		}
	}
	d := difference(t, depot(), js)
	if !d.None() || !slices.Equal(d.Foreign, []string{"consumer DEPOT/stranger"}) {
		t.Errorf("after it was applied: %+v, want the durable stranger alone", d)
	}
}

// What can lose nothing is changed, once; all else stays and says what to do.
func TestTopology_Apply(t *testing.T) {
	t.Parallel()
	js := natstest.Connect(t, natstest.Start(t)).JetStream()
	apply(t, depot(), js)
	if done := apply(t, depot(), js); len(done.Created)+len(done.Changed)+len(done.Left) > 0 {
		t.Errorf("the second time: %+v, want nothing", done)
	}

	wanted := depot()
	s, c := &wanted.Streams[0], &wanted.Consumers[0].Config
	s.MaxAge, s.MaxMsgSize, s.Subjects = 48*time.Hour, 100<<10, []string{"depot.out.>", "depot.in.>", "depot.by.>"}
	s.Metadata = map[string]string{"owner": "someone else"}
	c.AckWait, c.MaxAckPending = time.Minute, 100
	safe := []string{"DEPOT subjects", "DEPOT max_age", "DEPOT max_msg_size", "DEPOT metadata", "DEPOT/counter ack_wait", "DEPOT/counter max_ack_pending"}
	if d := difference(t, wanted, js); !slices.Equal(fields(d.Drift), safe) {
		t.Errorf("it differs in %v, want %v", fields(d.Drift), safe)
	}
	if done := apply(t, wanted, js); !slices.Equal(fields(done.Changed), safe) || len(done.Left) > 0 {
		t.Errorf("changed %v, left %v", fields(done.Changed), done.Left)
	}
	if d := difference(t, wanted, js); !d.None() {
		t.Errorf("afterwards it differs in %v", d)
	}

	unsafe := map[string]struct {
		change func(*jetstream.StreamConfig, *jetstream.ConsumerConfig)
		remedy string
	}{
		"DEPOT max_age":   {func(s *jetstream.StreamConfig, _ *jetstream.ConsumerConfig) { s.MaxAge = time.Hour }, "delete messages"},
		"DEPOT max_bytes": {func(s *jetstream.StreamConfig, _ *jetstream.ConsumerConfig) { s.MaxBytes = 1 << 20 }, "delete messages"},
		"DEPOT discard":   {func(s *jetstream.StreamConfig, _ *jetstream.ConsumerConfig) { s.Discard = jetstream.DiscardOld }, "delete messages"},
		"DEPOT subjects":  {func(s *jetstream.StreamConfig, _ *jetstream.ConsumerConfig) { s.Subjects = s.Subjects[:1] }, "without a stream"},
		"DEPOT storage":   {func(s *jetstream.StreamConfig, _ *jetstream.ConsumerConfig) { s.Storage = jetstream.MemoryStorage }, "cannot be changed"},
		"DEPOT retention": {func(s *jetstream.StreamConfig, _ *jetstream.ConsumerConfig) { s.Retention = jetstream.WorkQueuePolicy }, "cannot be changed"},
		"DEPOT num_replicas": {func(s *jetstream.StreamConfig, _ *jetstream.ConsumerConfig) { s.Replicas = 3 },
			"the server refuses the change"},
		"DEPOT/counter filter_subjects": {func(_ *jetstream.StreamConfig, c *jetstream.ConsumerConfig) {
			c.FilterSubjects = []string{"depot.by.>", "depot.in.>"}
		},
			"make it again where it left off"},
		"DEPOT/counter ack_policy":  {func(_ *jetstream.StreamConfig, c *jetstream.ConsumerConfig) { c.AckPolicy = jetstream.AckAllPolicy }, "delete the consumer"},
		"DEPOT/counter max_deliver": {func(_ *jetstream.StreamConfig, c *jetstream.ConsumerConfig) { c.MaxDeliver = 5 }, "give up messages"},
	}
	for _, field := range slices.Sorted(maps.Keys(unsafe)) {
		test := unsafe[field]
		changed := depot()
		changed.Streams[0], changed.Consumers[0].Config = *s, *c
		test.change(&changed.Streams[0], &changed.Consumers[0].Config)
		done := apply(t, changed, js)
		if !slices.Equal(fields(done.Left), []string{field}) || len(done.Changed) > 0 {
			t.Errorf("%s: changed %v, left %v", field, done.Changed, done.Left)
			continue
		}
		if !strings.Contains(done.Left[0].Remedy, test.remedy) {
			t.Errorf("%s: the remedy is %q", field, done.Left[0].Remedy)
		}
	}
	if d := difference(t, wanted, js); !d.None() {
		t.Errorf("something was changed: %v", d)
	}
}

// A consumer whose place nobody knows is left to the program that does.
func TestTopology_Apply_leaves_a_consumer(t *testing.T) {
	t.Parallel()
	js := natstest.Connect(t, natstest.Start(t)).JetStream()
	topology := depot()
	topology.Consumers[0].StartAt = func(context.Context) (time.Time, error) { return time.Time{}, natsbus.ErrLeave }
	done := apply(t, topology, js)
	if !slices.Equal(done.Missing, []string{"consumer DEPOT/counter"}) || !slices.Equal(done.Created, []string{"stream DEPOT", "consumer DEPOT/auditor"}) {
		t.Errorf("%+v", done)
	}
}

// One copy becomes three, and never the other way round.
func TestTopology_Apply_adds_copies(t *testing.T) {
	t.Parallel()
	ctx := patient(t)
	c := natstest.StartCluster(t)
	js := c.Connect().JetStream()
	topology := threefold()
	topology.Streams[0].Replicas = 1
	if _, err := topology.Apply(ctx, js); err != nil {
		t.Fatal(err)
	}
	if done, err := threefold().Apply(ctx, js); err != nil || !slices.Equal(fields(done.Changed), []string{"DEPOT num_replicas"}) {
		t.Fatalf("%+v, %v", done, err)
	}
	c.Await("three copies", func() bool {
		s, err := js.Stream(ctx, "DEPOT")
		return err == nil && whole(s.CachedInfo())
	})
	done, err := topology.Apply(ctx, js)
	if err != nil || len(done.Left) != 1 || !strings.Contains(done.Left[0].Remedy, "fewer copies") {
		t.Errorf("%+v, %v, want that no copy is taken away", done, err)
	}
}
