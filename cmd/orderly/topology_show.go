package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/nats-io/nats.go/jetstream"

	"orderly/internal/app"
	"orderly/pkg/natsbus"
)

// topologyShowCommand shows what the services want. It asks no server.
type topologyShowCommand struct{ topologyFlags }

// declared is the topology as it is printed: the settings have NATS's names.
type declared struct {
	Streams   []jetstream.StreamConfig `json:"streams"`
	Consumers []declaredConsumer       `json:"consumers"`
}

type declaredConsumer struct {
	Stream string                   `json:"stream"`
	Config jetstream.ConsumerConfig `json:"config"`
}

// Run runs the command.
func (c *topologyShowCommand) Run(s *session) error {
	versions, err := c.versions()
	if err != nil {
		return usageError{err}
	}
	t := app.Topology(nil, c.Replicas, c.AckWait, versions)
	d := declared{Streams: t.Streams}
	for _, consumer := range t.Consumers {
		d.Consumers = append(d.Consumers, declaredConsumer{consumer.Stream, consumer.Config})
	}
	return s.out.print(d, d.text)
}

func (d declared) text(w io.Writer) {
	fmt.Fprintln(w, "STREAM\tSUBJECTS\tREPLICAS\tKEEPS\tMAX MESSAGE\tFULL")
	for _, s := range d.Streams {
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%d\t%s\n", s.Name, strings.Join(s.Subjects, " "), s.Replicas, s.MaxAge, s.MaxMsgSize, s.Discard)
	}
	fmt.Fprintln(w, "\nCONSUMER\tSTREAM\tHEARS\tACK WAIT\tMAX IN HAND\tGIVES UP")
	for _, c := range d.Consumers {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\tnever\n", c.Config.Durable, c.Stream, strings.Join(natsbus.Filters(c.Config), " "), c.Config.AckWait, c.Config.MaxAckPending)
	}
}
