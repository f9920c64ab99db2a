package natsbus

import (
	"context"
	"fmt"
	"reflect"

	"github.com/nats-io/nats.go/jetstream"
)

// Applied is what Apply did and what it left.
type Applied struct {
	// Created names what was missing and is there now.
	Created []string
	// Missing names the consumers that their StartAt left to others.
	Missing []string
	// Changed lists the settings that were changed: Have is what they were.
	Changed []Drift
	// Left lists the settings that differ still, with what to do about them.
	Left []Drift
}

// Apply makes what is missing and changes what differs wherever nothing can be
// lost by it: it deletes nothing, shortens no limit, takes no copy away and moves
// no consumer's place. What remains is in Applied.Left. It tries again as
// [Topology.Reconcile] does, and may be called by many and again.
func (t Topology) Apply(ctx context.Context, js jetstream.JetStream) (Applied, error) {
	var done Applied
	report, err := t.Reconcile(ctx, js)
	done.Created, done.Missing = report.Created, report.Missing
	if err != nil {
		return done, err
	}
	for _, want := range t.Streams {
		if err := done.change(ctx, streamLabel(want.Name), drifts(report, want.Name, ""), func(ctx context.Context, safe []Drift) error {
			return changeStream(ctx, js, want, safe)
		}); err != nil {
			return done, err
		}
	}
	for _, want := range t.Consumers {
		label := consumerLabel(want.Stream, want.Config.Durable)
		if err := done.change(ctx, label, drifts(report, want.Stream, want.Config.Durable), func(ctx context.Context, safe []Drift) error {
			return changeConsumer(ctx, js, want, safe)
		}); err != nil {
			return done, err
		}
	}
	return done, nil
}

// drifts are those of one stream or consumer.
func drifts(r Report, stream, consumer string) []Drift {
	var out []Drift
	for _, d := range r.Drift {
		if d.Stream == stream && d.Consumer == consumer {
			out = append(out, d)
		}
	}
	return out
}

// change makes the changes that are safe, all of one thing at once. What the
// server refuses is left.
func (a *Applied) change(ctx context.Context, label string, all []Drift, update func(context.Context, []Drift) error) error {
	var safe []Drift
	for _, d := range all {
		if d.Remedy == "" {
			safe = append(safe, d)
		} else {
			a.Left = append(a.Left, d)
		}
	}
	if len(safe) == 0 {
		return nil
	}
	err := persist(ctx, func(ctx context.Context) error { return update(ctx, safe) })
	if err == nil {
		a.Changed = append(a.Changed, safe...)
		return nil
	}
	if _, refused := apiError(err); !refused || ctx.Err() != nil {
		return fmt.Errorf("change %s: %w", label, err)
	}
	for _, d := range safe {
		d.Remedy = "the server refuses the change: " + err.Error()
		a.Left = append(a.Left, d)
	}
	return nil
}

func changeStream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig, safe []Drift) error {
	stream, err := js.Stream(ctx, want.Name)
	if err != nil {
		return err
	}
	cfg := stream.CachedInfo().Config
	take(&cfg, want, safe)
	_, err = js.UpdateStream(ctx, cfg)
	return err
}

func changeConsumer(ctx context.Context, js jetstream.JetStream, want Consumer, safe []Drift) error {
	consumer, err := js.Consumer(ctx, want.Stream, want.Config.Durable)
	if err != nil {
		return err
	}
	cfg := consumer.CachedInfo().Config
	take(&cfg, want.Config, safe)
	_, err = js.UpdateConsumer(ctx, want.Stream, cfg)
	return err
}

// take copies the settings that drifted from want.
func take[C jetstream.StreamConfig | jetstream.ConsumerConfig](cfg *C, want C, settings []Drift) {
	to, from := reflect.ValueOf(cfg).Elem(), reflect.ValueOf(want)
	for i := range to.NumField() {
		for _, d := range settings {
			if settingName(to.Type().Field(i)) == d.Field {
				to.Field(i).Set(from.Field(i))
			}
		}
	}
}
