package app

import (
	"context"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"orderly/order"
	"orderly/order/sqlstore"
	"orderly/pkg/metrics"
)

var (
	ordersTotal = metrics.New(metrics.Counter, "orderly_orders_total",
		"Orders that this process has accepted, confirmed and cancelled.", "status", "lane")
	orderDuration = metrics.New(metrics.Histogram, "orderly_order_duration_seconds",
		"Time from the acceptance of an order to its end, by the database's clock, as the process saw that committed it.", "lane", "outcome")
	redrives = metrics.New(metrics.Counter, "orderly_redrives_total",
		"Open orders that were announced again, since they made no progress or an operator asked for it.", "lane")
	ordersOpen = metrics.New(metrics.Gauge, "orderly_orders_open",
		"Orders that are not closed: something is expected of a service, also of one that has ended. Counts up to 20,000, the oldest. Replicas see the same.", "status", "lane")
	ordersOldest = metrics.New(metrics.Gauge, "orderly_orders_open_oldest_seconds",
		"How long ago the oldest of them was accepted; 0 if there is none.", "status", "lane")
	ordersStill = metrics.New(metrics.Gauge, "orderly_orders_open_still_seconds",
		"The longest that one of them has made no progress; 0 if there is none.", "status", "lane")
)

func orderMetricList() []*metrics.Metric {
	return []*metrics.Metric{ordersTotal, orderDuration, redrives, ordersOpen, ordersOldest, ordersStill}
}

const accepted = "accepted"

// orderMetrics counts orders once each for what they have reached.
type orderMetrics struct {
	total, redrives *prometheus.CounterVec
	duration        *prometheus.HistogramVec
}

func newOrderMetrics(r prometheus.Registerer) orderMetrics {
	m := orderMetrics{
		total:    ordersTotal.CounterVec(),
		redrives: redrives.CounterVec(),
		duration: orderDuration.HistogramVec(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 4*3600, 24*3600),
	}
	for _, lane := range order.Lanes() { // there from the start
		m.redrives.WithLabelValues(lane)
		for _, status := range []string{accepted, string(order.Confirmed), string(order.Cancelled)} {
			m.total.WithLabelValues(status, lane)
		}
		for _, outcome := range []order.Status{order.Confirmed, order.Cancelled} {
			m.duration.WithLabelValues(lane, string(outcome))
		}
	}
	if r != nil {
		r.MustRegister(m.total, m.redrives, m.duration)
	}
	return m
}

func (m orderMetrics) observe(before, after order.Order) {
	lane := after.Lane
	if before.ID == "" {
		m.total.WithLabelValues(accepted, lane).Inc()
	}
	if after.Redrives > before.Redrives {
		m.redrives.WithLabelValues(lane).Inc()
	}
	if before.Ended() || !after.Ended() {
		return
	}
	m.total.WithLabelValues(string(after.Status), lane).Inc()
	m.duration.WithLabelValues(lane, string(after.Status)).Observe(after.UpdatedAt.Sub(after.CreatedAt).Seconds())
}

// openOrders are the order service's figures.
func openOrders(store *sqlstore.Store) func(context.Context) (look, error) {
	return func(ctx context.Context) (look, error) {
		found, err := store.Tally(ctx)
		if err != nil {
			return look{}, err
		}
		var l look
		for _, status := range order.Statuses() {
			for _, lane := range order.Lanes() {
				t := order.Tally{}
				if i := slices.IndexFunc(found, func(t order.Tally) bool { return t.Status == status && t.Lane == lane }); i >= 0 {
					t = found[i]
				}
				labels := []string{string(status), lane}
				l.oldest = max(l.oldest, t.Oldest)
				l.values = append(l.values,
					value{metric: ordersOpen, is: float64(t.Count), labels: labels},
					value{metric: ordersOldest, is: t.Oldest.Seconds(), labels: labels, ages: true},
					value{metric: ordersStill, is: t.Still.Seconds(), labels: labels, ages: true})
			}
		}
		return l, nil
	}
}
