package crash

import (
	"context"
	"sync/atomic"
	"time"

	"orderly/payment"
	"orderly/payment/gateway"
)

// callTimeout is what each slow call takes. A good call that takes longer, as on a
// busy machine, is made again.
const callTimeout = 25 * time.Millisecond

// fault is what becomes of a call that has its effect with effect.
type fault func(ctx context.Context, effect func() error) error

// outcomes are all that a gateway may do to its callers. Each befalls the first two
// calls of a story; those after them are well.
func outcomes() map[string]fault {
	return map[string]fault{
		"success": nil,
		"decline": nil, // the card's fault
		"outage":  func(context.Context, func() error) error { return gateway.ErrUnavailable },
		"slow": func(ctx context.Context, effect func() error) error {
			if err := effect(); err != nil {
				return err
			}
			<-ctx.Done()
			return ctx.Err()
		},
		"answer lost": func(_ context.Context, effect func() error) error {
			if err := effect(); err != nil {
				return err
			}
			return gateway.ErrAnswerLost
		},
		"duplicate answer": func(_ context.Context, effect func() error) error {
			if err := effect(); err != nil {
				return err
			}
			return effect()
		},
		"nonsense": nil, // see strange
	}
}

// strange is a gateway on which a fault befalls the first calls.
type strange struct {
	payment.Gateway
	fault    fault
	nonsense bool
	calls    *atomic.Int64
}

func (s strange) strikes() bool { return s.calls.Add(1) <= 2 }

func (s strange) meet(ctx context.Context, effect func() error) error {
	if !s.strikes() || s.fault == nil {
		return effect()
	}
	return s.fault(ctx, effect)
}

// Charge has its effect also where the answer makes no sense.
func (s strange) Charge(ctx context.Context, r payment.ChargeRequest) (c payment.Charge, err error) {
	err = s.meet(ctx, func() (err error) { c, err = s.Gateway.Charge(ctx, r); return err })
	return s.garbled(c), err
}

func (s strange) Void(ctx context.Context, r payment.VoidRequest) (c payment.Charge, err error) {
	err = s.meet(ctx, func() (err error) { c, err = s.Gateway.Void(ctx, r); return err })
	return s.garbled(c), err
}

func (s strange) Refund(ctx context.Context, r payment.RefundRequest) (re payment.Refund, err error) {
	err = s.meet(ctx, func() (err error) { re, err = s.Gateway.Refund(ctx, r); return err })
	return re, err
}

func (s strange) garbled(c payment.Charge) payment.Charge {
	if s.nonsense && s.calls.Load() <= 2 {
		c.Status = "<html>"
	}
	return c
}
