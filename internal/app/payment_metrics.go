package app

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"orderly/payment"
	"orderly/payment/gateway"
	"orderly/payment/sqlstore"
	"orderly/pkg/breaker"
	"orderly/pkg/engine"
	"orderly/pkg/metrics"
)

var (
	gatewayTries = metrics.New(metrics.Histogram, "orderly_gateway_try_seconds",
		"Tries of calls to the payment gateway, by what came of them: captured, declined, voided, refunded, found, none (no charge to find), refused (for good), cancelled (by the end of the process); or, without an answer, unavailable, answer_lost, timeout, other.", "operation", "outcome")
	gatewayPending = metrics.New(metrics.Gauge, "orderly_gateway_calls",
		"Calls to the payment gateway whose outcome is not known yet, those that wait among them.")
	gatewayState = metrics.New(metrics.Gauge, "orderly_gateway_breaker",
		"1 for the state in which the breaker before the payment gateway is.", "state")
	gatewayReason = metrics.New(metrics.Gauge, "orderly_gateway_breaker_reason",
		"1 for why it is not closed: what the last try that failed came to, in the words of the tries.", "reason")
	gatewayChanged = metrics.New(metrics.Gauge, "orderly_gateway_breaker_since_timestamp_seconds",
		"Since when it is closed, or is not, as a Unix time.")
	gatewayNext = metrics.New(metrics.Gauge, "orderly_gateway_breaker_next_probe_timestamp_seconds",
		"When the payment gateway is tried again, as a Unix time; 0 while the breaker is closed.")
	gatewayOpened = metrics.New(metrics.Counter, "orderly_gateway_breaker_opened_total",
		"How often this process has stopped calling the payment gateway because it did not answer.")
	creditsOpen = metrics.New(metrics.Gauge, "orderly_refunds_open",
		"Refunds by hand that the payment gateway has not answered. Replicas see the same.")
	creditsOldest = metrics.New(metrics.Gauge, "orderly_refunds_open_oldest_seconds",
		"For how long the oldest of them has waited; 0 if there is none.")
)

func paymentMetricList() []*metrics.Metric {
	return []*metrics.Metric{
		gatewayTries, gatewayPending, gatewayState, gatewayReason, gatewayChanged, gatewayNext, gatewayOpened, creditsOpen, creditsOldest,
	}
}

// failures are the words for a try that has no answer.
func failures() []string { return []string{"unavailable", "answer_lost", "timeout", otherFailure} }

const otherFailure = "other"

func failureOf(err error) string {
	switch {
	case errors.Is(err, gateway.ErrUnavailable):
		return "unavailable"
	case errors.Is(err, gateway.ErrAnswerLost):
		return "answer_lost"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	}
	return otherFailure
}

// timedGateway times the tries of calls to a gateway.
type timedGateway struct {
	payment.Gateway
	tries *prometheus.HistogramVec
}

func newTimedGateway(g payment.Gateway, r prometheus.Registerer) *timedGateway {
	t := &timedGateway{Gateway: g, tries: gatewayTries.HistogramVec(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20)}
	if r != nil {
		r.MustRegister(t.tries)
	}
	return t
}

func (t *timedGateway) note(operation, outcome string, began time.Time, err error) {
	switch {
	case err == nil:
	case payment.Refused(err):
		outcome = "refused"
	case errors.Is(err, context.Canceled):
		outcome = "cancelled"
	default:
		outcome = failureOf(err)
	}
	t.tries.WithLabelValues(operation, outcome).Observe(time.Since(began).Seconds())
}

// Charge is payment.Gateway's.
func (t *timedGateway) Charge(ctx context.Context, r payment.ChargeRequest) (payment.Charge, error) {
	began := time.Now()
	c, err := t.Gateway.Charge(ctx, r)
	t.note("charge", outcomeOf(c), began, err)
	return c, err
}

// Refund is payment.Gateway's.
func (t *timedGateway) Refund(ctx context.Context, r payment.RefundRequest) (payment.Refund, error) {
	began := time.Now()
	done, err := t.Gateway.Refund(ctx, r)
	t.note("refund", "refunded", began, err)
	return done, err
}

// Void is payment.Gateway's.
func (t *timedGateway) Void(ctx context.Context, r payment.VoidRequest) (payment.Charge, error) {
	began := time.Now()
	c, err := t.Gateway.Void(ctx, r)
	t.note("void", outcomeOf(c), began, err)
	return c, err
}

// FindByOrder is payment.Gateway's.
func (t *timedGateway) FindByOrder(ctx context.Context, orderID string) (payment.Charge, bool, error) {
	began := time.Now()
	c, found, err := t.Gateway.FindByOrder(ctx, orderID)
	outcome := "none"
	if found {
		outcome = "found"
	}
	t.note("find", outcome, began, err)
	return c, found, err
}

// outcomeOf is a label: what the gateway says must not make new ones.
func outcomeOf(c payment.Charge) string {
	switch c.Status {
	case payment.ChargeCaptured, payment.ChargeDeclined, payment.ChargeVoided:
		return string(c.Status)
	}
	return otherFailure // it makes no sense
}

// newBreakerMetrics shows the breaker before the gateway.
func newBreakerMetrics(b *breaker.Breaker, e *engine.Engine) prometheus.Collector {
	return metrics.Collector(func(to metrics.Sink) {
		s := b.Status()
		for _, state := range []breaker.State{breaker.Closed, breaker.Open, breaker.HalfOpen} {
			to.Send(gatewayState, metrics.Flag(state == s.State), string(state))
		}
		for _, reason := range failures() {
			to.Send(gatewayReason, metrics.Flag(s.Cause != nil && failureOf(s.Cause) == reason), reason)
		}
		to.Send(gatewayChanged, metrics.Unix(s.Since))
		to.Send(gatewayNext, metrics.Unix(s.NextProbe))
		to.Send(gatewayOpened, float64(s.Opened))
		to.Send(gatewayPending, float64(e.Calls()))
	})
}

// openRefunds are the payment service's figures.
func openRefunds(store *sqlstore.Store) func(context.Context) (look, error) {
	return func(ctx context.Context) (look, error) {
		n, oldest, err := store.OpenCredits(ctx)
		if err != nil {
			return look{}, err
		}
		return look{oldest: oldest, values: []value{
			{metric: creditsOpen, is: float64(n)},
			{metric: creditsOldest, is: oldest.Seconds(), ages: true},
		}}, nil
	}
}
