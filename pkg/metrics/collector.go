package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"orderly/pkg/engine"
)

// Collector sends figures that are there already, at each scrape. It must not wait
// for anything.
type Collector func(Sink)

// Describe is prometheus.Collector's. It tells nothing: what differs in its labels'
// values alone may be registered several times, as for each service of a process.
func (c Collector) Describe(chan<- *prometheus.Desc) {}

// Collect is prometheus.Collector's.
func (c Collector) Collect(to chan<- prometheus.Metric) { c(Sink{to}) }

// Sink takes what a collector sends.
type Sink struct{ to chan<- prometheus.Metric }

// Send sends the value of a counter or gauge; labels are the values of the
// metric's labels, in their order.
func (s Sink) Send(m *Metric, value float64, labels ...string) {
	kind := prometheus.GaugeValue
	if m.Kind == Counter {
		kind = prometheus.CounterValue
	}
	s.to <- prometheus.MustNewConstMetric(m.desc, kind, value, labels...)
}

// Spread sends the values of a histogram.
func (s Sink) Spread(m *Metric, d engine.Distribution, labels ...string) {
	buckets := make(map[float64]uint64, len(d.Bounds))
	for i, bound := range d.Bounds {
		buckets[bound] = d.Below[i]
	}
	s.to <- prometheus.MustNewConstHistogram(m.desc, d.Count, d.Sum, buckets, labels...)
}

// Flag is 1 for true and 0 for false.
func Flag(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// Unix is a time as Prometheus has it: in seconds, 0 for none.
func Unix(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
