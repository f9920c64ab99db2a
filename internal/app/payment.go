package app

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"go.uber.org/zap"

	"orderly/payment"
	"orderly/payment/gateway"
	"orderly/payment/httpapi"
	"orderly/payment/sqlstore"
	"orderly/pkg/breaker"
	"orderly/pkg/engine"
	"orderly/pkg/httpkit"
)

// PaymentConfig says how the gateway is called. The zero value has defaults for
// everything.
type PaymentConfig struct {
	// CallTimeout is how long one try of a call may take; 10 s if zero.
	CallTimeout time.Duration
	// MaxCalls is how many calls are under way at a time; 512 if zero.
	MaxCalls int
}

// The range of settings for the calls. A call that is under way may take this long
// when the process is to stop.
const (
	MinCallTimeout = 100 * time.Millisecond
	MaxCallTimeout = 20 * time.Second
	MaxCalls       = 4096
)

// cancellations is how many orders.cancelled may be in hand: those that need a
// refund wait for the gateway, and must not hold up those that need no call.
const cancellations = 16 << 10

// NewPayment wires the payment service with the simulated gateway. Its
// database must have been migrated.
func NewPayment(d Deps, g *gateway.Simulated, cfg PaymentConfig) (*Service, error) {
	b, err := newGatewayBreaker(d)
	if err != nil {
		return nil, err
	}
	timed := newTimedGateway(g, d.Metrics)
	store := sqlstore.New(d.DB, timed)
	s, err := newService(PaymentService, d, store, paymentHears(), func(c *engine.Config) {
		c.Timers = []engine.Timer{{Every: sqlstore.CreditInterval, Due: store.CreditsToCall}, {Every: sqlstore.CreditInterval, Due: store.CreditsToTell}}
		c.Breaker, c.CallTimeout, c.MaxCalls = b, cfg.CallTimeout, cfg.MaxCalls
		for i := range c.Consumers {
			hears := &c.Consumers[i]
			hears.Calls = hears.Stream == StreamInventory
			if !hears.Calls {
				hears.MaxInHand = cancellations
			}
		}
	})
	if err != nil {
		return nil, err
	}
	s.show(newBreakerMetrics(b, s.Engine))
	s.figures.ask = openRefunds(store)
	s.Checks = map[string]httpkit.Check{"gateway": gatewayCheck(b)}
	s.Feeds = PaymentAudit(d, g)
	api := httpapi.Service{Engine: s.Engine, Payments: store, Gateway: g, Replica: replica(), Calls: s.Engine, Breaker: b}
	s.Routes = func(to huma.API) { httpapi.Register(to, api) }
	s.answers = map[string]answer{"gateway": func(context.Context, string) (any, error) { return api.GatewayStatus(), nil }}
	return s, nil
}

// newGatewayBreaker counts what leaves a charge unknown. A decline is an answer,
// and so is a definite refusal; nonsense is none.
func newGatewayBreaker(d Deps) (*breaker.Breaker, error) {
	return breaker.New(breaker.Config{
		Works:  func(err error) bool { return err == nil || payment.Refused(err) },
		Logger: d.Logger.With(zap.String("service", PaymentService), zap.String("to", "payment gateway")),
	})
}

// replica names this process.
func replica() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d", host, os.Getpid())
}

func paymentHears() []reads {
	return []reads{{StreamInventory, "inventory.reserved"}, {StreamOrders, "orders.cancelled"}}
}
