package httpkit

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"orderly/pkg/metrics"
)

// Metrics counts and times requests by route, method and status.
type Metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

var (
	httpRequests = metrics.New(metrics.Counter, "orderly_http_requests_total",
		"Requests answered, by the route's pattern.", "route", "method", "code")
	httpDuration = metrics.New(metrics.Histogram, "orderly_http_request_duration_seconds",
		"Time from a request's headers to the end of its answer.", "route", "method", "code")
)

// MetricList lists the metrics of [NewMetrics].
func MetricList() []*metrics.Metric { return []*metrics.Metric{httpRequests, httpDuration} }

// NewMetrics registers the metrics of [MetricList]. It fails if they are
// registered already.
func NewMetrics(registry prometheus.Registerer) (*Metrics, error) {
	m := &Metrics{
		requests: httpRequests.CounterVec(),
		duration: httpDuration.HistogramVec(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
	}
	for _, c := range []prometheus.Collector{m.requests, m.duration} {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("register HTTP metrics: %w", err)
		}
	}
	return m, nil
}

func (m *Metrics) observe(r *http.Request, status int, took time.Duration) {
	labels := []string{route(r), method(r), strconv.Itoa(status)}
	m.requests.WithLabelValues(labels...).Inc()
	m.duration.WithLabelValues(labels...).Observe(took.Seconds())
}

// route is the pattern's path: clients must not make new series.
func route(r *http.Request) string {
	if r.Pattern == "" {
		return "none"
	}
	if _, path, found := strings.Cut(r.Pattern, " "); found {
		return path
	}
	return r.Pattern
}

func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}

// MetricsHandler serves what was gathered, in Prometheus' text format.
func MetricsHandler(gatherer prometheus.Gatherer) http.Handler {
	return promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{})
}
