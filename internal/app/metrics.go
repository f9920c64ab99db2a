package app

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"orderly/order"
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
