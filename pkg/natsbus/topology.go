package natsbus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Topology is the streams and consumers that a program relies on, as data.
type Topology struct {
	// Streams are reconciled first, in this order.
	Streams []jetstream.StreamConfig
	// Consumers are durable; their streams may belong to others.
	Consumers []Consumer
}

// Consumer is a durable consumer of a stream.
type Consumer struct {
	// Stream is the name of the stream that it reads.
	Stream string
	// Config is the consumer; Durable must be set.
	Config jetstream.ConsumerConfig
	// StartAt, if not nil, says where a consumer that is missing starts: at the
	// returned time, or, if that is zero, as Config says. So a durable that
	// vanished goes on where it was instead of reading everything again. It is
	// asked only when the consumer is missing, and again when creating it fails. An
	// error that wraps [ErrLeave] leaves the consumer missing for now.
	StartAt func(context.Context) (time.Time, error)
}

// Filters are the subjects that a consumer lets through; none if that is all.
func Filters(c jetstream.ConsumerConfig) []string {
	if c.FilterSubject != "" {
		return []string{c.FilterSubject}
	}
	return c.FilterSubjects
}

// ErrLeave is for [Consumer.StartAt]: whoever asks does not know where the
// consumer was, so that another program has to make it.
var ErrLeave = errors.New("the consumer is left to the program that knows where it was")

// Report is what Reconcile did and found.
type Report struct {
	// Created names what was missing and is there now, such as "stream NEWS"
	// and "consumer NEWS/reader". Programs that reconcile at the same time may
	// all report the same creation.
	Created []string
	// Missing names the consumers that StartAt left.
	Missing []string
	// Drift lists what differs from the topology. Nothing was done about it.
	Drift []Drift
}

// Drift is one setting on the server that is not as the topology wants it.
type Drift struct {
	// Stream is the stream's name.
	Stream string
	// Consumer is the consumer's name, or empty if the stream itself differs.
	Consumer string
	// Field is the setting's name in NATS, such as "max_age".
	Field string
	// Want is the value in the topology.
	Want string
	// Have is the value on the server.
	Have string
	// Remedy says what to do about it by hand; empty if [Topology.Apply] changes it.
	Remedy string
}

// Of names what differs, as "stream NEWS" or "consumer NEWS/reader".
func (d Drift) Of() string {
	if d.Consumer != "" {
		return consumerLabel(d.Stream, d.Consumer)
	}
	return streamLabel(d.Stream)
}

// String is the drift as a sentence for a log.
func (d Drift) String() string {
	return fmt.Sprintf("%s: %s is %s, want %s", d.Of(), d.Field, d.Have, d.Want)
}

// Reconcile creates what is missing and compares the rest. It never changes what
// exists: settings that differ are reported as [Drift], for a person to decide.
// Only settings given in the topology count: a field left at its zero value is
// the server's to fill in, except policies and the storage type, whose zero
// values mean something.
//
// While JetStream is out of reach or electing a leader it tries again until ctx
// ends, so give ctx a deadline. Errors that waiting does not cure, such as
// overlapping subjects or too little storage, return at once, with the report
// so far. Any number of programs may reconcile the same topology at a time.
func (t Topology) Reconcile(ctx context.Context, js jetstream.JetStream) (Report, error) {
	var report Report
	for _, cfg := range t.Streams {
		if err := persist(ctx, func(ctx context.Context) error {
			return reconcileStream(ctx, js, cfg, &report)
		}); err != nil {
			return report, fmt.Errorf("%s: %w", streamLabel(cfg.Name), err)
		}
	}
	for _, c := range t.Consumers {
		if err := persist(ctx, func(ctx context.Context) error {
			return reconcileConsumer(ctx, js, c, &report)
		}); err != nil {
			return report, fmt.Errorf("%s: %w", consumerLabel(c.Stream, c.Config.Durable), err)
		}
	}
	return report, nil
}

func reconcileStream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig, report *Report) error {
	have, err := js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		if _, err = js.CreateStream(ctx, want); err == nil {
			report.Created = append(report.Created, streamLabel(want.Name))
		}
		return err
	}
	if err != nil {
		return err
	}
	report.Drift = append(report.Drift, streamDrift(want, have.CachedInfo().Config)...)
	return nil
}

func reconcileConsumer(ctx context.Context, js jetstream.JetStream, want Consumer, report *Report) error {
	name := want.Config.Durable
	if name == "" {
		return errors.New("no Durable is set: only durable consumers can be kept")
	}
	have, err := js.Consumer(ctx, want.Stream, name)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return createConsumer(ctx, js, want, report)
	}
	if err != nil {
		return err
	}
	report.Drift = append(report.Drift, consumerDrift(want, have.CachedInfo().Config)...)
	return nil
}

func createConsumer(ctx context.Context, js jetstream.JetStream, want Consumer, report *Report) error {
	cfg := want.Config
	if want.StartAt != nil {
		at, err := want.StartAt(ctx)
		if errors.Is(err, ErrLeave) {
			report.Missing = append(report.Missing, consumerLabel(want.Stream, cfg.Durable))
			return nil
		}
		if err != nil {
			return fmt.Errorf("find out where it starts: %w", err)
		}
		if !at.IsZero() {
			cfg.DeliverPolicy = jetstream.DeliverByStartTimePolicy
			cfg.OptStartTime, cfg.OptStartSeq = &at, 0
		}
	}
	if _, err := js.CreateConsumer(ctx, want.Stream, cfg); err != nil {
		return err
	}
	report.Created = append(report.Created, consumerLabel(want.Stream, cfg.Durable))
	return nil
}

// startsWhere tells the settings that StartAt decides.
func startsWhere(field string) bool {
	return field == "deliver_policy" || field == "opt_start_time" || field == "opt_start_seq"
}

func streamLabel(name string) string { return "stream " + name }

func consumerLabel(stream, name string) string { return "consumer " + stream + "/" + name }
