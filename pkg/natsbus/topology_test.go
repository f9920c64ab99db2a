package natsbus_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"orderly/pkg/natsbus"
	"orderly/pkg/natsbus/natstest"
)

// depot sets nearly everything that a program may want to set.
func depot() natsbus.Topology {
	return natsbus.Topology{
		Streams: []jetstream.StreamConfig{{
			Name: "DEPOT", Description: "goods", Subjects: []string{"depot.out.>", "depot.in.>"},
			Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew, Storage: jetstream.FileStorage,
			MaxConsumers: -1, MaxMsgs: -1, MaxBytes: 16 << 20, MaxAge: 24 * time.Hour, MaxMsgSize: 512 << 10,
			MaxMsgsPerSubject: -1, Replicas: 1, Duplicates: time.Minute, DenyDelete: true, AllowDirect: true,
			Compression: jetstream.S2Compression, Metadata: map[string]string{"owner": "depot"},
		}},
		Consumers: []natsbus.Consumer{{Stream: "DEPOT", Config: jetstream.ConsumerConfig{
			Durable: "counter", Description: "counts goods", FilterSubjects: []string{"depot.out.>", "depot.in.>"},
			DeliverPolicy: jetstream.DeliverAllPolicy, AckPolicy: jetstream.AckExplicitPolicy,
			AckWait: 10 * time.Second, MaxDeliver: -1, MaxAckPending: 4096, MaxWaiting: 64,
			MaxRequestBatch: 512, MaxRequestExpires: 5 * time.Second, Replicas: 1,
		}}, {Stream: "DEPOT", Config: jetstream.ConsumerConfig{
			Durable: "auditor", FilterSubject: "depot.in.>", AckPolicy: jetstream.AckExplicitPolicy,
		}}},
	}
}

func reconcile(t *testing.T, topology natsbus.Topology, js jetstream.JetStream) natsbus.Report {
	t.Helper()
	report, err := topology.Reconcile(testContext(t), js)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestTopology_is_created_once(t *testing.T) {
	t.Parallel()
	js := natstest.Connect(t, natstest.Start(t)).JetStream()
	want := []string{"stream DEPOT", "consumer DEPOT/counter", "consumer DEPOT/auditor"}
	first := reconcile(t, depot(), js)
	if !slices.Equal(first.Created, want) || len(first.Drift) > 0 {
		t.Errorf("first time: %+v, want %v created", first, want)
	}
	second := reconcile(t, depot(), js)
	if len(second.Created) > 0 || len(second.Drift) > 0 {
		t.Errorf("second time: %+v, want nothing", second)
	}
}

func TestTopology_reports_drift_and_changes_nothing(t *testing.T) {
	t.Parallel()
	js := natstest.Connect(t, natstest.Start(t)).JetStream()
	reconcile(t, depot(), js)
	changed := depot()
	changed.Streams[0].MaxAge = time.Hour
	changed.Streams[0].Subjects = []string{"depot.>"}
	changed.Streams[0].Discard = jetstream.DiscardOld
	changed.Streams[0].Metadata["owner"] = "someone else"
	changed.Consumers[0].Config.AckWait = time.Minute
	changed.Consumers[1].Config.AckPolicy = jetstream.AckNonePolicy
	want := []string{
		`stream DEPOT: subjects is ["depot.out.>","depot.in.>"], want ["depot.>"]`,
		`stream DEPOT: discard is DiscardNew, want DiscardOld`,
		`stream DEPOT: max_age is 24h0m0s, want 1h0m0s`,
		`stream DEPOT: metadata is `,
		`consumer DEPOT/counter: ack_wait is 10s, want 1m0s`,
		`consumer DEPOT/auditor: ack_policy is AckExplicit, want AckNone`,
	}
	for round := range 2 { // the second time shows that the first changed nothing
		report := reconcile(t, changed, js)
		if len(report.Created) > 0 || len(report.Drift) != len(want) {
			t.Fatalf("round %d: %+v, want %d drifts", round, report, len(want))
		}
		for i, d := range report.Drift {
			if !strings.HasPrefix(d.String(), want[i]) {
				t.Errorf("round %d: got %q, want %q", round, d, want[i])
			}
		}
	}
}

func TestTopology_starts_a_vanished_consumer_where_it_was(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	js := natstest.Connect(t, natstest.Start(t)).JetStream()
	topology := depot()
	asked := 0
	var start time.Time
	topology.Consumers[0].StartAt = func(context.Context) (time.Time, error) { asked++; return start, nil }
	reconcile(t, topology, js) // the zero time: from the beginning
	for _, body := range []string{"one", "two", "three"} {
		if _, err := js.Publish(ctx, "depot.in.box", []byte(body)); err != nil {
			t.Fatal(err)
		}
	}
	if got := next(t, js, "counter"); got != "one" {
		t.Errorf("a new consumer starts with %q, want one", got)
	}
	stream, err := js.Stream(ctx, "DEPOT")
	if err != nil {
		t.Fatal(err)
	}
	last, err := stream.GetMsg(ctx, 3)
	if err != nil {
		t.Fatal(err)
	}
	start = last.Time
	if err := stream.DeleteConsumer(ctx, "counter"); err != nil {
		t.Fatal(err)
	}

	report := reconcile(t, topology, js)
	if !slices.Equal(report.Created, []string{"consumer DEPOT/counter"}) {
		t.Errorf("created %v", report.Created)
	}
	if got := next(t, js, "counter"); got != "three" {
		t.Errorf("the consumer created again starts with %q, want three", got)
	}
	if report := reconcile(t, topology, js); len(report.Drift) > 0 || asked != 2 {
		t.Errorf("drift %v, start asked %d times; where it started must not count as drift", report.Drift, asked)
	}
}

func next(t *testing.T, js jetstream.JetStream, consumer string) string {
	t.Helper()
	c, err := js.Consumer(testContext(t), "DEPOT", consumer)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := c.Next(jetstream.FetchMaxWait(4 * time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if err := msg.DoubleAck(testContext(t)); err != nil {
		t.Fatal(err)
	}
	return string(msg.Data())
}

func TestTopology_does_not_guess_a_start(t *testing.T) {
	t.Parallel()
	js := natstest.Connect(t, natstest.Start(t)).JetStream()
	unknown := errors.New("the database is away")
	topology := depot()
	topology.Consumers[0].StartAt = func(context.Context) (time.Time, error) { return time.Time{}, unknown }
	report, err := topology.Reconcile(testContext(t), js)
	if !errors.Is(err, unknown) || !slices.Equal(report.Created, []string{"stream DEPOT"}) {
		t.Errorf("got %+v, %v, want the error and the stream alone", report, err)
	}
	if _, err := js.Consumer(testContext(t), "DEPOT", "counter"); !errors.Is(err, jetstream.ErrConsumerNotFound) {
		t.Errorf("the consumer exists: %v", err)
	}
}

func TestTopology_explains_what_waiting_does_not_cure(t *testing.T) {
	t.Parallel()
	e := natstest.Start(t)
	js := natstest.Connect(t, e).JetStream()
	reconcile(t, depot(), js)
	stream := func(cfg jetstream.StreamConfig) natsbus.Topology {
		return natsbus.Topology{Streams: []jetstream.StreamConfig{cfg}}
	}
	consumer := func(stream, durable string) natsbus.Topology {
		return natsbus.Topology{Consumers: []natsbus.Consumer{{Stream: stream, Config: jetstream.ConsumerConfig{Durable: durable}}}}
	}
	tests := map[string]struct {
		topology natsbus.Topology
		want     string
	}{
		"overlapping subjects": {stream(jetstream.StreamConfig{Name: "OTHER", Subjects: []string{"depot.in.box"}}), "stream OTHER: another stream has these subjects"},
		"too little storage":   {stream(jetstream.StreamConfig{Name: "HUGE", MaxBytes: 1 << 50}), "stream HUGE: the server's JetStream storage is too small"},
		"replicas":             {stream(jetstream.StreamConfig{Name: "MANY", Replicas: 3}), "stream MANY: replicas need a cluster"},
		"bad name":             {stream(jetstream.StreamConfig{Name: "not.a.name"}), "stream not.a.name: nats: invalid stream name"},
		"no stream":            {consumer("NOWHERE", "lost"), "consumer NOWHERE/lost: create the stream first"},
		"no durable":           {consumer("DEPOT", ""), "no Durable is set"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := test.topology.Reconcile(testContext(t), js)
			if err == nil || !strings.Contains(err.Error(), test.want) || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got error %v, want %q at once", err, test.want)
			}
		})
	}
}

func TestTopology_says_that_JetStream_is_missing(t *testing.T) {
	t.Parallel()
	srv, err := server.NewServer(&server.Options{DontListen: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	srv.Start()
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	c := connectTo(t, natsbus.Config{Options: []nats.Option{nats.InProcessServer(srv)}})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = depot().Reconcile(ctx, c.JetStream())
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "JetStream does not answer: enable it") {
		t.Errorf("got error %v", err)
	}
}

func TestTopology_waits_for_the_server(t *testing.T) {
	t.Parallel()
	dir, address := t.TempDir(), freeAddress(t)
	first := startAt(t, dir, address)
	log, lost := signalling("lost the connection to NATS, reconnecting")
	c := connectTo(t, natsbus.Config{URL: first.URL(), Logger: log})
	first.Shutdown()
	await(t, "the lost connection", lost)
	type outcome struct {
		report natsbus.Report
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		report, err := depot().Reconcile(testContext(t), c.JetStream())
		done <- outcome{report, err}
	}()
	startAt(t, dir, address)
	if got := await(t, "the topology", done); got.err != nil || len(got.report.Created) != 3 {
		t.Errorf("got %+v", got)
	}
}

func TestTopology_may_be_reconciled_by_many_at_once(t *testing.T) {
	t.Parallel()
	e := natstest.Start(t)
	// All find the consumer missing before any of them creates it, each with a
	// start of its own: all but one lose.
	const replicas = 10
	var asked, all sync.WaitGroup
	asked.Add(replicas)
	began := time.Now()
	for i := range replicas {
		js := natstest.Connect(t, e).JetStream()
		topology := depot()
		topology.Consumers[0].StartAt = func(context.Context) (time.Time, error) {
			asked.Done()
			asked.Wait()
			return began.Add(-time.Duration(i) * time.Minute), nil
		}
		all.Go(func() {
			report, err := topology.Reconcile(testContext(t), js)
			if err != nil || len(report.Drift) > 0 {
				t.Errorf("replica %d: %+v, %v", i, report, err)
			}
		})
	}
	all.Wait()
}
