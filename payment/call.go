package payment

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// OutcomeKind is what the gateway said in the end.
type OutcomeKind string

// The outcomes of a call. There is none for "unknown" or "not found": such a
// call is made again.
const (
	OutcomeCaptured OutcomeKind = "captured"
	OutcomeDeclined OutcomeKind = "declined"
	OutcomeVoided   OutcomeKind = "voided"
	OutcomeRefunded OutcomeKind = "refunded"
	OutcomeCredited OutcomeKind = "credited"

	// OutcomeCreditRefused says that the gateway will never give this credit.
	OutcomeCreditRefused OutcomeKind = "credit_refused"
	// OutcomeCreditDoubted says that the gateway's answer contradicts the credit: it
	// stays without an outcome, and somebody has to ask the provider.
	OutcomeCreditDoubted OutcomeKind = "credit_doubted"
)

// Outcome is the definite answer to a Call.
type Outcome struct {
	OrderID     string
	Kind        OutcomeKind
	ChargeID    string
	CreditID    string // of a credit
	Code        string
	Currency    string
	AmountMinor int64
}

// voidedCode is the code of a payment whose charge was voided.
const voidedCode = "voided"

// Call is what has to be asked of the gateway for a payment: its credit while one
// is under way, else a charge while it is charging, a void while charging_dead,
// a refund while refunding.
type Call struct {
	Payment Payment
}

// Key is the idempotency key of the call: the order's id for the charge, also
// when it is voided, the order's id with ":refund" for the refund, and that with
// the credit's id for a credit.
func (c Call) Key() string {
	switch {
	case c.credits():
		return c.Payment.OrderID + ":refund:" + c.Payment.Credit.ID
	case c.Payment.State == Refunding:
		return c.Payment.OrderID + ":refund"
	}
	return c.Payment.OrderID
}

// Name is what is asked of the gateway, in a word.
func (c Call) Name() string {
	switch {
	case c.credits():
		return "credit"
	case c.Payment.State == Refunding:
		return "refund"
	case c.Payment.State == ChargingDead:
		return "void"
	}
	return "charge"
}

// Do makes the call and returns its outcome, which agrees with what was asked for.
// An error means that the outcome is unknown, and that Do has to be called again,
// unless Refused says that the gateway will never take it, or it is ErrImpossible
// and somebody must look. An intent whose key the gateway may forget before
// the call gets there is looked up by its order first.
func (c Call) Do(ctx context.Context, g Gateway, now time.Time) (Outcome, error) {
	if now.Sub(c.intentAt()) >= g.KeyRetention()/2 {
		outcome, known, err := c.lookUp(ctx, g)
		if err != nil || known {
			return c.doubted(outcome, err)
		}
	}
	switch {
	case c.credits():
		return c.doubted(c.credit(ctx, g))
	case c.Payment.State == Refunding:
		return c.refund(ctx, g)
	case c.Payment.State == ChargingDead:
		charge, err := g.Void(ctx, VoidRequest{Key: c.Key(), OrderID: c.Payment.OrderID})
		return c.charged(charge, err)
	}
	charge, err := g.Charge(ctx, ChargeRequest{
		Key:         c.Key(),
		OrderID:     c.Payment.OrderID,
		Method:      c.Payment.Method,
		Currency:    c.Payment.Currency,
		AmountMinor: c.Payment.AmountMinor,
	})
	return c.charged(charge, err)
}

func (c Call) credits() bool { return c.Payment.Credit.ID != "" }

func (c Call) intentAt() time.Time {
	if c.credits() {
		return c.Payment.Credit.At
	}
	return c.Payment.IntentAt
}

// credit is a refund whose refusal is an answer: the person who asked for it
// gets it, and it holds up nothing else.
func (c Call) credit(ctx context.Context, g Gateway) (Outcome, error) {
	p := c.Payment
	o := Outcome{OrderID: p.OrderID, CreditID: p.Credit.ID, ChargeID: p.ChargeID, Kind: OutcomeCredited}
	refund, err := c.giveBack(ctx, g, p.Credit.AmountMinor)
	if Refused(err) {
		o.Kind, o.Code = OutcomeCreditRefused, err.Error()
		return o, nil
	}
	if err != nil {
		return Outcome{}, err
	}
	o.Currency, o.AmountMinor = refund.Currency, refund.AmountMinor
	return o, nil
}

// doubted makes an outcome of an answer that contradicts the credit, so that whoever
// asked for it sees it. Where a cancellation waits for the credit its event is to
// become a dead letter.
func (c Call) doubted(o Outcome, err error) (Outcome, error) {
	if !c.credits() || c.Payment.State != Captured || !errors.Is(err, ErrImpossible) {
		return o, err
	}
	return Outcome{OrderID: c.Payment.OrderID, CreditID: c.Payment.Credit.ID, Kind: OutcomeCreditDoubted, Code: err.Error()}, nil
}

func (c Call) giveBack(ctx context.Context, g Gateway, minor int64) (Refund, error) {
	p := c.Payment
	refund, err := g.Refund(ctx, RefundRequest{
		Key:         c.Key(),
		OrderID:     p.OrderID,
		ChargeID:    p.ChargeID,
		Currency:    p.Currency,
		AmountMinor: minor,
	})
	if err == nil {
		err = c.checkRefund(refund, minor)
	}
	if err != nil {
		return Refund{}, fmt.Errorf("refund order %s: %w", p.OrderID, err)
	}
	return refund, nil
}

func (c Call) refund(ctx context.Context, g Gateway) (Outcome, error) {
	p := c.Payment
	refund, err := c.giveBack(ctx, g, p.left())
	if err != nil {
		return Outcome{}, err
	}
	return Outcome{OrderID: p.OrderID, Kind: OutcomeRefunded, ChargeID: p.ChargeID, Currency: refund.Currency, AmountMinor: refund.AmountMinor}, nil
}

func (c Call) charged(charge Charge, err error) (Outcome, error) {
	if err == nil {
		err = c.check(charge)
	}
	if err != nil {
		return Outcome{}, fmt.Errorf("charge order %s: %w", c.Payment.OrderID, err)
	}
	o := Outcome{OrderID: c.Payment.OrderID, ChargeID: charge.ID, Code: charge.Code, Currency: charge.Currency, AmountMinor: charge.AmountMinor}
	switch charge.Status {
	case ChargeCaptured:
		o.Kind = OutcomeCaptured
	case ChargeDeclined:
		o.Kind, o.Code = OutcomeDeclined, declineCode(charge.Code)
	case ChargeVoided:
		o.Kind, o.Code = OutcomeVoided, voidedCode
	}
	return o, nil
}

// lookUp asks what became of an old intent; not known means that nothing was
// ever done about it, as far as the gateway can tell.
func (c Call) lookUp(ctx context.Context, g Gateway) (Outcome, bool, error) {
	charge, found, err := g.FindByOrder(ctx, c.Payment.OrderID)
	if err != nil {
		return Outcome{}, false, fmt.Errorf("look up the charge of order %s: %w", c.Payment.OrderID, err)
	}
	if c.credits() || c.Payment.State == Refunding {
		if found {
			err = c.checkRefunded(charge)
		}
		if err != nil {
			return Outcome{}, false, fmt.Errorf("look up the refund of order %s: %w", c.Payment.OrderID, err)
		}
		outcome, done := c.givenBack(charge)
		return outcome, found && done, nil
	}
	if !found {
		return Outcome{}, false, nil
	}
	outcome, err := c.charged(charge, nil)
	return outcome, err == nil, err
}

// givenBack tells from the sum of all refunds whether this one is among them:
// there is one at a time, so that the ones before make up the rest.
func (c Call) givenBack(charge Charge) (Outcome, bool) {
	p := c.Payment
	o := Outcome{OrderID: p.OrderID, CreditID: p.Credit.ID, Kind: OutcomeRefunded, ChargeID: charge.ID, Currency: charge.Currency, AmountMinor: charge.RefundedMinor - p.CreditedMinor}
	wanted := p.left()
	if c.credits() {
		o.Kind, wanted = OutcomeCredited, p.Credit.AmountMinor
	}
	if o.AmountMinor < wanted {
		return Outcome{}, false
	}
	return o, true
}

const maxCode = 64

// declineCode makes a provider's word fit for payments.failed, whose code has
// lower case letters, digits and underscores.
func declineCode(code string) string {
	fit := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '_'
	}, code)
	if fit == "" {
		return "declined"
	}
	return fit[:min(len(fit), maxCode)]
}
