package gateway

import (
	"context"
	"embed"
	"fmt"
	"time"

	"orderly/payment"
	"orderly/pkg/sqldb"
)

//go:embed migrations
var migrations embed.FS

// Simulated is a payment.Gateway that plays a provider of card payments. Several processes may share its
// database, and with it the settings.
type Simulated struct {
	faults  *faults
	ledger  ledger
	charges *group[*chargeOp]
	refunds *group[*refundOp]
}

var _ payment.Gateway = (*Simulated)(nil)

// New brings the ledger in db up to date and starts with the settings that were last set in it, or else with
// the given ones. The caller keeps db and closes
// it after the last call has returned. db need not force writes to disk: the ledger is only meant to outlive
// its process.
func New(ctx context.Context, db *sqldb.DB, settings Settings) (*Simulated, error) {
	s, err := newSimulated(sqlLedger{db: db}, settings)
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, sqldb.Schema{Tables: []sqldb.Tables{Tables()}}); err != nil {
		return nil, fmt.Errorf("payment gateway's ledger: %w", err)
	}
	return s, s.refresh(ctx)
}

// NewInMemory starts with an empty ledger that ends with the process: a
// restarted provider knows no charge of the one before. It is for benchmarks
// that are not about the provider.
func NewInMemory(settings Settings) (*Simulated, error) {
	return newSimulated(newMemoryLedger(), settings)
}

func newSimulated(l ledger, settings Settings) (*Simulated, error) {
	f, err := newFaults(settings)
	if err != nil {
		return nil, err
	}
	s := &Simulated{faults: f, ledger: l}
	s.charges = newGroup(func(ctx context.Context, ops []*chargeOp) error {
		return s.ledger.charge(ctx, ops, s.KeyRetention())
	})
	s.refunds = newGroup(func(ctx context.Context, ops []*refundOp) error {
		return s.ledger.refund(ctx, ops, s.KeyRetention())
	})
	return s, nil
}

// KeyRetention implements payment.Gateway with the setting of that name.
func (s *Simulated) KeyRetention() time.Duration { return s.faults.current().keyRetention() }

// Charge implements payment.Gateway. An amount of 0 is captured as any other.
func (s *Simulated) Charge(ctx context.Context, r payment.ChargeRequest) (payment.Charge, error) {
	c, err := s.charge(ctx, &chargeOp{request: r}, checkCharge(r))
	if err != nil {
		return payment.Charge{}, fmt.Errorf("charge order %q: %w", r.OrderID, err)
	}
	return c, nil
}

// Void implements payment.Gateway.
func (s *Simulated) Void(ctx context.Context, r payment.VoidRequest) (payment.Charge, error) {
	op := &chargeOp{void: true, request: payment.ChargeRequest{Key: r.Key, OrderID: r.OrderID}}
	c, err := s.charge(ctx, op, checkVoid(r))
	if err != nil {
		return payment.Charge{}, fmt.Errorf("void charge of order %q: %w", r.OrderID, err)
	}
	return c, nil
}

// Refund implements payment.Gateway.
func (s *Simulated) Refund(ctx context.Context, r payment.RefundRequest) (payment.Refund, error) {
	refund, err := s.refund(ctx, &refundOp{request: r}, checkRefund(r))
	if err != nil {
		return payment.Refund{}, fmt.Errorf("refund order %q: %w", r.OrderID, err)
	}
	return refund, nil
}

// FindByOrder implements payment.Gateway. It meets the same faults as the other calls.
func (s *Simulated) FindByOrder(ctx context.Context, orderID string) (payment.Charge, bool, error) {
	c, found, err := s.find(ctx, orderID)
	if err != nil {
		return payment.Charge{}, false, fmt.Errorf("find charge of order %q: %w", orderID, err)
	}
	return c, found, nil
}

func (s *Simulated) charge(ctx context.Context, op *chargeOp, invalid error) (payment.Charge, error) {
	fate, err := s.admit(ctx, invalid)
	if err != nil {
		return payment.Charge{}, err
	}
	op.decline = fate.decline
	if err := s.charges.do(ctx, op); err != nil {
		return payment.Charge{}, err
	}
	if fate.answerLost {
		return payment.Charge{}, ErrAnswerLost
	}
	return op.answer, op.refusal
}

func (s *Simulated) refund(ctx context.Context, op *refundOp, invalid error) (payment.Refund, error) {
	fate, err := s.admit(ctx, invalid)
	if err != nil {
		return payment.Refund{}, err
	}
	if err := s.refunds.do(ctx, op); err != nil {
		return payment.Refund{}, err
	}
	if fate.answerLost {
		return payment.Refund{}, ErrAnswerLost
	}
	return op.answer, op.refusal
}

func (s *Simulated) find(ctx context.Context, orderID string) (payment.Charge, bool, error) {
	fate, err := s.admit(ctx, checkText("order id", orderID))
	if err != nil {
		return payment.Charge{}, false, err
	}
	if fate.answerLost {
		return payment.Charge{}, false, ErrAnswerLost
	}
	return find(ctx, s.ledger, orderID)
}

// admit refuses what is invalid before any fault can meet it.
func (s *Simulated) admit(ctx context.Context, invalid error) (fate, error) {
	if invalid != nil {
		return fate{}, invalid
	}
	s.follow(ctx)
	return s.faults.admit(ctx)
}
