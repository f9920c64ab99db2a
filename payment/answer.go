package payment

import (
	"errors"
	"fmt"
)

// ErrNonsense marks an answer that says nothing: a status without a meaning, a
// capture without a usable id. It may pass, as a page of HTML from something in
// between does, and the call is made again. What a gateway says clearly and cannot
// have done is ErrImpossible.
var ErrNonsense = errors.New("the gateway's answer makes no sense")

// check holds a charge against what was asked for.
func (c Call) check(charge Charge) error {
	p := c.Payment
	switch charge.Status {
	case ChargeCaptured, ChargeDeclined, ChargeVoided:
	default:
		return fmt.Errorf("%w: status %q", ErrNonsense, charge.Status)
	}
	if charge.OrderID != p.OrderID {
		return fmt.Errorf("%w: the gateway answered for order %q", ErrImpossible, charge.OrderID)
	}
	if charge.Status == ChargeVoided && charge.AmountMinor == 0 && charge.Currency == "" { // before it was made
		return nil
	}
	if err := c.agrees(charge.Currency, charge.AmountMinor, p.AmountMinor); err != nil {
		return err
	}
	if charge.Status != ChargeCaptured {
		return nil
	}
	p.ChargeID = charge.ID
	if err := p.captured().Validate(); err != nil {
		return fmt.Errorf("%w: charge id %q: %w", ErrNonsense, charge.ID, err)
	}
	return nil
}

// checkRefund holds a refund against the amount that was asked for.
func (c Call) checkRefund(r Refund, minor int64) error {
	p := c.Payment
	switch {
	case r.OrderID != p.OrderID:
		return fmt.Errorf("%w: the gateway answered for order %q", ErrImpossible, r.OrderID)
	case r.ChargeID != p.ChargeID:
		return fmt.Errorf("%w: the gateway gave back charge %q, it was asked for %q", ErrImpossible, r.ChargeID, p.ChargeID)
	}
	return c.agrees(r.Currency, r.AmountMinor, minor)
}

// checkRefunded holds what was found of a charge against the refund that is due.
func (c Call) checkRefunded(charge Charge) error {
	p := c.Payment
	switch {
	case charge.OrderID != p.OrderID:
		return fmt.Errorf("%w: the gateway found a charge of order %q", ErrImpossible, charge.OrderID)
	case charge.RefundedMinor < 0 || charge.RefundedMinor > p.AmountMinor:
		return fmt.Errorf("%w: the gateway says that %d %s were given back of %d (minor units)", ErrImpossible, charge.RefundedMinor, charge.Currency, p.AmountMinor)
	}
	return c.agrees(charge.Currency, charge.AmountMinor, p.AmountMinor)
}

func (c Call) agrees(currency string, amountMinor, asked int64) error {
	p := c.Payment
	if currency != p.Currency || amountMinor != asked {
		return fmt.Errorf("%w: the gateway says %d %s, it was asked for %d %s (minor units)", ErrImpossible, amountMinor, currency, asked, p.Currency)
	}
	return nil
}
