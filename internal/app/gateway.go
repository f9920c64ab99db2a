package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"orderly/payment/gateway"
	"orderly/pkg/breaker"
	"orderly/pkg/engine"
	"orderly/pkg/httpkit"
)

// gatewayCheck warns while the breaker is not closed: the service itself works, so
// requests may be sent to it all the same.
func gatewayCheck(b *breaker.Breaker) httpkit.Check {
	return func(context.Context) error {
		s := b.Status()
		if s.State == breaker.Closed {
			return nil
		}
		text := fmt.Sprintf("calls to the payment gateway have failed since %s, charges and refunds wait, orders are accepted: %s",
			s.Since.UTC().Format(time.RFC3339), s.Reason)
		if s.State == breaker.Open {
			text += "; asked again at " + s.NextProbe.UTC().Format(time.RFC3339)
		}
		return httpkit.Warning(errors.New(text))
	}
}

// gatewayMetrics shows the breaker before the gateway.
type gatewayMetrics struct {
	breaker *breaker.Breaker
	engine  *engine.Engine
}

var (
	gatewayState = prometheus.NewDesc("orderly_gateway_breaker",
		"1 for the state in which the breaker before the payment gateway is.", []string{"state"}, nil)
	gatewayReason = prometheus.NewDesc("orderly_gateway_breaker_reason",
		"1 for why the breaker before the payment gateway is not closed; nothing while it is.", []string{"reason"}, nil)
	gatewayOpened = prometheus.NewDesc("orderly_gateway_breaker_opened_total",
		"How often this process has stopped calling the payment gateway because it did not answer.", nil, nil)
	gatewayNext = prometheus.NewDesc("orderly_gateway_breaker_next_probe_seconds",
		"When the payment gateway is tried again, as a Unix time; 0 while the breaker is closed.", nil, nil)
	gatewayPending = prometheus.NewDesc("orderly_gateway_calls",
		"Calls to the payment gateway whose outcome is not known yet, those that wait among them.", nil, nil)
	gatewayTries = prometheus.NewDesc("orderly_gateway_tries_total",
		"Tries of calls to the payment gateway: answered, declines among them, or failed.", []string{"result"}, nil)
)

func newGatewayMetrics(r prometheus.Registerer, b *breaker.Breaker, e *engine.Engine) {
	if r != nil {
		r.MustRegister(gatewayMetrics{b, e})
	}
}

// Describe is prometheus.Collector's.
func (m gatewayMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{gatewayState, gatewayReason, gatewayOpened, gatewayNext, gatewayPending, gatewayTries} {
		to <- d
	}
}

// Collect is prometheus.Collector's.
func (m gatewayMetrics) Collect(to chan<- prometheus.Metric) {
	s := m.breaker.Status()
	send := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, kind, value, labels...)
	}
	for _, state := range []breaker.State{breaker.Closed, breaker.Open, breaker.HalfOpen} {
		is := 0.0
		if state == s.State {
			is = 1
		}
		send(gatewayState, prometheus.GaugeValue, is, string(state))
	}
	if s.Cause != nil {
		send(gatewayReason, prometheus.GaugeValue, 1, reasonOf(s.Cause))
	}
	next := 0.0
	if !s.NextProbe.IsZero() {
		next = float64(s.NextProbe.UnixMilli()) / 1000
	}
	send(gatewayOpened, prometheus.CounterValue, float64(s.Opened))
	send(gatewayNext, prometheus.GaugeValue, next)
	send(gatewayPending, prometheus.GaugeValue, float64(m.engine.Calls()))
	send(gatewayTries, prometheus.CounterValue, float64(s.Succeeded), "answered")
	send(gatewayTries, prometheus.CounterValue, float64(s.Failed), "failed")
}

// reasonOf names a failure in one of a few words.
func reasonOf(err error) string {
	switch {
	case errors.Is(err, gateway.ErrUnavailable):
		return "unavailable"
	case errors.Is(err, gateway.ErrAnswerLost):
		return "answer_lost"
	case errors.Is(err, context.DeadlineExceeded):
		return "no_answer"
	}
	return "other"
}
