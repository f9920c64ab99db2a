package natsbus

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// Difference is how a server differs from a topology.
type Difference struct {
	// Missing names what is not there, as "stream NEWS" and "consumer NEWS/reader".
	Missing []string
	// Drift lists the settings that are not as the topology wants them.
	Drift []Drift
	// Foreign names durable consumers of the topology's streams that it does not
	// declare. They are somebody's: nothing is ever done about them.
	Foreign []string
}

// None reports whether the server has what the topology wants. Foreign consumers
// do not count.
func (d Difference) None() bool { return len(d.Missing)+len(d.Drift) == 0 }

// Diff compares the server with the topology and changes nothing. It tries again,
// as [Topology.Reconcile] does, until ctx ends.
func (t Topology) Diff(ctx context.Context, js jetstream.JetStream) (Difference, error) {
	var view View
	err := persist(ctx, func(ctx context.Context) error {
		view = t.Look(ctx, js)
		return view.err()
	})
	if err != nil {
		return Difference{}, err
	}
	d := t.Compare(view)
	for _, s := range view.Streams {
		if s.Info == nil {
			continue
		}
		foreign, err := t.foreign(ctx, js, s.Name)
		if err != nil {
			return d, fmt.Errorf("%s: list its consumers: %w", streamLabel(s.Name), explain(err))
		}
		d.Foreign = append(d.Foreign, foreign...)
	}
	return d, nil
}

// Compare tells what of the view is missing or differs. What the server could not
// tell is left out, and foreign consumers are not looked for.
func (t Topology) Compare(v View) Difference {
	var d Difference
	for i, want := range t.Streams {
		switch s := v.Streams[i]; {
		case s.Info != nil:
			d.Drift = append(d.Drift, streamDrift(want, s.Info.Config)...)
		case s.Err == nil:
			d.Missing = append(d.Missing, streamLabel(want.Name))
		}
	}
	for i, want := range t.Consumers {
		switch c := v.Consumers[i]; {
		case c.Info != nil:
			d.Drift = append(d.Drift, consumerDrift(want, c.Info.Config)...)
		case c.Err == nil:
			d.Missing = append(d.Missing, consumerLabel(want.Stream, want.Config.Durable))
		}
	}
	return d
}

// err is the first reason why the server could not tell.
func (v View) err() error {
	for _, s := range v.Streams {
		if s.Err != nil {
			return s.Err
		}
	}
	for _, c := range v.Consumers {
		if c.Err != nil {
			return c.Err
		}
	}
	return nil
}

func (t Topology) foreign(ctx context.Context, js jetstream.JetStream, stream string) ([]string, error) {
	s, err := js.Stream(ctx, stream)
	if err != nil {
		return nil, err
	}
	ours := make(map[string]bool)
	for _, c := range t.Consumers {
		if c.Stream == stream {
			ours[c.Config.Durable] = true
		}
	}
	var out []string
	list := s.ListConsumers(ctx)
	for info := range list.Info() {
		if info.Config.Durable != "" && !ours[info.Name] {
			out = append(out, consumerLabel(stream, info.Name))
		}
	}
	return out, list.Err()
}

// streamDrift compares a stream.
func streamDrift(want, have jetstream.StreamConfig) []Drift {
	drift := diff(want, have)
	for i := range drift {
		drift[i].Stream, drift[i].Remedy = want.Name, streamRemedy(drift[i].Field, want, have)
	}
	return drift
}

// consumerDrift compares a consumer. Where StartAt decides its start, the start
// does not count.
func consumerDrift(want Consumer, have jetstream.ConsumerConfig) []Drift {
	var out []Drift
	for _, d := range diff(want.Config, have) {
		if want.StartAt != nil && startsWhere(d.Field) {
			continue
		}
		d.Stream, d.Consumer = want.Stream, want.Config.Durable
		d.Remedy = consumerRemedy(d.Field, want.Config, have)
		out = append(out, d)
	}
	return out
}
