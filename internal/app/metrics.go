package app

import (
	"errors"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"orderly/pkg/httpkit"
	"orderly/pkg/logs"
	"orderly/pkg/metrics"
)

var (
	oldestOpen = metrics.New(metrics.Gauge, "orderly_oldest_open_seconds",
		"Age of the oldest thing that the service has not finished: an open order, a refund by hand without an answer, an event that it has not handled. Asked of the database and the broker, beside all loops; while they do not answer it goes on growing.", "service")
	lookedAt = metrics.New(metrics.Gauge, "orderly_looked_timestamp_seconds",
		"When the database of the service last told its figures, as a Unix time; 0 before the first time.", "service")
	lookFailures = metrics.New(metrics.Counter, "orderly_look_failures_total",
		"How often it did not.", "service")

	streamLosses = metrics.New(metrics.Counter, "orderly_stream_losses_total",
		"Losses of the broker that a service has found, by stream and kind. Each replica counts for itself.", "service", "stream", "kind")
	buildInfo = metrics.New(metrics.Gauge, "orderly_build_info",
		"1, with what the program was built from.", "version", "revision", "go")
	logWritten = metrics.New(metrics.Counter, "orderly_log_entries_total",
		"Entries of the log that were written.", "level")
	logDropped = metrics.New(metrics.Counter, "orderly_log_dropped_total",
		"Entries of the log that were dropped in a flood: of those with the same message a hundred a second are written, and one in a hundred beyond.", "level")
)

// Metrics lists every metric that the services have, but for those of Go's runtime
// and of the process.
func Metrics() []metrics.Group {
	groups := []metrics.Group{
		{Title: "The oldest open thing", Metrics: []*metrics.Metric{oldestOpen, lookedAt, lookFailures}},
		{Title: "Orders", Metrics: orderMetricList()},
		{Title: "Stock", Metrics: []*metrics.Metric{products}},
		{Title: "Payments", Metrics: paymentMetricList()},
		{Title: "HTTP", Metrics: httpkit.MetricList()},
	}
	groups = append(groups, metrics.EngineMetrics()...)
	return append(groups,
		metrics.Group{Title: "NATS", Metrics: append(metrics.ConnMetrics(), natsRTT, streamLosses)},
		metrics.Group{Title: "Database", Metrics: metrics.DatabaseMetrics()},
		metrics.Group{Title: "Process", Metrics: []*metrics.Metric{processReady, checkOK, probedAt, buildInfo, logWritten, logDropped}},
	)
}

// NewMetrics returns a registry with the process's and the runtime's figures.
func NewMetrics() *prometheus.Registry {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// newBuildInfo tells what runs.
func newBuildInfo(version string) prometheus.Collector {
	revision, goVersion := "", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		goVersion = info.GoVersion
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	return metrics.Collector(func(to metrics.Sink) { to.Send(buildInfo, 1, version, revision, goVersion) })
}

// newLogCounts shows what was logged, nil being nothing.
func newLogCounts(counts *logs.Counts) prometheus.Collector {
	if counts == nil {
		counts = new(logs.Counts)
	}
	return metrics.Collector(func(to metrics.Sink) {
		for _, level := range logs.Levels() {
			written, dropped := counts.Of(level)
			to.Send(logWritten, float64(written), level.String())
			to.Send(logDropped, float64(dropped), level.String())
		}
	})
}

// newLossMetric counts what the broker lost. The services of one process share
// it.
func newLossMetric(r prometheus.Registerer) *prometheus.CounterVec {
	losses := streamLosses.CounterVec()
	if r == nil {
		return losses
	}
	var there prometheus.AlreadyRegisteredError
	if errors.As(r.Register(losses), &there) {
		return there.ExistingCollector.(*prometheus.CounterVec)
	}
	return losses
}
