package app

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"orderly/order"
	"orderly/pkg/engine"
)

// orderMetrics counts orders once each for what they have reached.
type orderMetrics struct {
	accepted, confirmed, cancelled prometheus.Counter
}

func newOrderMetrics(r prometheus.Registerer) orderMetrics {
	orders := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "orderly_orders_total",
		Help: "Orders accepted, confirmed and cancelled by this process since its start.",
	}, []string{"status"})
	if r != nil {
		r.MustRegister(orders)
	}
	return orderMetrics{
		accepted:  orders.WithLabelValues("accepted"),
		confirmed: orders.WithLabelValues(string(order.Confirmed)),
		cancelled: orders.WithLabelValues(string(order.Cancelled)),
	}
}

func (m orderMetrics) observe(before, after order.Order) {
	if before.ID == "" {
		m.accepted.Inc()
	}
	if before.Ended() || !after.Ended() {
		return
	}
	if after.Status == order.Confirmed {
		m.confirmed.Inc()
	} else {
		m.cancelled.Inc()
	}
}

// newLossMetric counts what the broker lost. The services of one process share
// it.
func newLossMetric(r prometheus.Registerer) *prometheus.CounterVec {
	losses := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "orderly_stream_losses_total",
		Help: "Losses of the broker that a service has found, by stream and kind. Each replica counts for itself.",
	}, []string{"service", "stream", "kind"})
	if r == nil {
		return losses
	}
	var there prometheus.AlreadyRegisteredError
	if errors.As(r.Register(losses), &there) {
		return there.ExistingCollector.(*prometheus.CounterVec)
	}
	return losses
}

// letterMetrics shows the dead letters of one service, as its last look found
// them: being asked costs nothing.
type letterMetrics struct {
	depth       func() []engine.Depth
	count, aged *prometheus.Desc
}

func newLetterMetrics(service string, depth func() []engine.Depth) letterMetrics {
	labels := prometheus.Labels{"service": service}
	return letterMetrics{
		depth: depth,
		count: prometheus.NewDesc("orderly_dead_letters", "Dead letters that wait for a person, by cause.", []string{"kind"}, labels),
		aged:  prometheus.NewDesc("orderly_dead_letter_oldest_seconds", "For how long the oldest dead letter has waited, by cause.", []string{"kind"}, labels),
	}
}

// Describe is called by the registry.
func (m letterMetrics) Describe(out chan<- *prometheus.Desc) { out <- m.count; out <- m.aged }

// Collect is called at each scrape. Every kind is there, so that an alarm has
// something to compare from the start.
func (m letterMetrics) Collect(out chan<- prometheus.Metric) {
	found := make(map[string]engine.Depth)
	for _, d := range m.depth() {
		found[d.Kind] = d
	}
	for _, kind := range engine.LetterKinds() {
		d := found[kind]
		out <- prometheus.MustNewConstMetric(m.count, prometheus.GaugeValue, float64(d.Count), kind)
		out <- prometheus.MustNewConstMetric(m.aged, prometheus.GaugeValue, d.Oldest.Seconds(), kind)
	}
}
