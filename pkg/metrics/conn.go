package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"orderly/pkg/natsbus"
)

var (
	natsConnected = New(Gauge, "orderly_nats_connected",
		"1 while there is a connection to NATS.")
	natsReconnects = New(Counter, "orderly_nats_reconnects_total",
		"How often the connection was restored.")
	natsMessages = New(Counter, "orderly_nats_messages_total",
		"All messages on the connection, in and out: events, acknowledgements, questions to JetStream and its answers.", "direction")
	natsBytes = New(Counter, "orderly_nats_bytes_total",
		"Bytes of their payloads, in and out.", "direction")
)

// ConnMetrics lists the metrics of [NewConn].
func ConnMetrics() []*Metric {
	return []*Metric{natsConnected, natsReconnects, natsMessages, natsBytes}
}

// NewConn shows a connection to NATS.
func NewConn(c *natsbus.Conn) prometheus.Collector {
	return Collector(func(to Sink) {
		state, traffic := c.State(), c.NC().Stats()
		to.Send(natsConnected, Flag(state.Connected))
		to.Send(natsReconnects, float64(state.Reconnects))
		to.Send(natsMessages, float64(traffic.InMsgs), "in")
		to.Send(natsMessages, float64(traffic.OutMsgs), "out")
		to.Send(natsBytes, float64(traffic.InBytes), "in")
		to.Send(natsBytes, float64(traffic.OutBytes), "out")
	})
}
