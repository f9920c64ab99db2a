package metrics

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// Kind is what a metric is to Prometheus.
type Kind string

// The kinds.
const (
	Counter   Kind = "counter"   // only grows, from 0 at the start of the process
	Gauge     Kind = "gauge"     // how it is now
	Histogram Kind = "histogram" // how values are spread
)

// Metric is one metric, as it is declared. Make it with [New].
type Metric struct {
	Name   string
	Kind   Kind
	Help   string
	Labels []string
	desc   *prometheus.Desc
}

// New declares a metric. Help is a sentence or two; a name that Prometheus would
// not take is found when a collector of it is registered.
func New(kind Kind, name, help string, labels ...string) *Metric {
	return &Metric{Name: name, Kind: kind, Help: help, Labels: labels, desc: prometheus.NewDesc(name, help, labels, nil)}
}

// CounterVec returns a vector that counts the metric where it happens.
func (m *Metric) CounterVec() *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: m.Name, Help: m.Help}, m.Labels)
}

// HistogramVec returns a vector that measures the metric where it happens.
func (m *Metric) HistogramVec(buckets ...float64) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: m.Name, Help: m.Help, Buckets: buckets}, m.Labels)
}

// Group is metrics that belong together, for a document.
type Group struct {
	Title   string
	Metrics []*Metric
}

// Markdown is the groups as tables for a reader.
func Markdown(groups []Group) string {
	var b strings.Builder
	for i, g := range groups {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "## %s\n\n| metric | labels | kind | what |\n| --- | --- | --- | --- |\n", g.Title)
		for _, m := range g.Metrics {
			labels := make([]string, len(m.Labels))
			for i, l := range m.Labels {
				labels[i] = "`" + l + "`"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Name, strings.Join(labels, ", "), m.Kind, m.Help)
		}
	}
	return b.String()
}

// All returns the metrics of all groups.
func All(groups []Group) []*Metric {
	var all []*Metric
	for _, g := range groups {
		all = append(all, g.Metrics...)
	}
	return slices.Clip(all)
}
