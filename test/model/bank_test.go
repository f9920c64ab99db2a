package model

import (
	"context"
	"errors"
	"fmt"
	"time"

	"orderly/payment"
)

const keyRetention = 24 * time.Hour

// errHalfDone interrupts a call between its look-up and its effect.
var errHalfDone = errors.New("half done")

// account is what the provider knows of one order.
type account struct {
	Captures  int
	Captured  int64
	Refunded  int64
	Found     payment.Charge // by a look-up; zero: none
	ChargeKey payment.Charge // the answer under the charge's key; zero: none
	RefundKey payment.Refund // the answer under the refund's key; zero: none
	CreditKey payment.Refund // the answer under the credit's key; zero: none
	NoCredit  bool           // it refused the credit, and does so for ever
}

// forget is what the account is when its keys are older than the retention.
func (a account) forget() account {
	a.ChargeKey, a.RefundKey, a.CreditKey = payment.Charge{}, payment.Refund{}, payment.Refund{}
	return a
}

type lookUp struct {
	Charge payment.Charge
	Found  bool
}

// bank is a provider that keeps the Gateway's contract, or less: it forgets
// voided keys like all others. A look-up that was not made before is answered,
// and then the call is interrupted.
type bank struct {
	account
	declines bool
	before   *lookUp // the answer of a look-up that this call has made already
	looked   *lookUp // the answer of the look-up that it makes now
}

var _ payment.Gateway = (*bank)(nil)

func (b *bank) KeyRetention() time.Duration { return keyRetention }

func (b *bank) FindByOrder(context.Context, string) (payment.Charge, bool, error) {
	if b.before != nil {
		return b.before.Charge, b.before.Found, nil
	}
	c := b.Found
	c.RefundedMinor = b.Refunded
	b.looked = &lookUp{Charge: c, Found: b.Found.ID != ""}
	return c, b.looked.Found, nil
}

func (b *bank) Charge(_ context.Context, r payment.ChargeRequest) (payment.Charge, error) {
	if b.looked != nil {
		return payment.Charge{}, errHalfDone
	}
	if c := b.ChargeKey; c.ID != "" {
		if c.Status != payment.ChargeVoided && c.AmountMinor != r.AmountMinor {
			return payment.Charge{}, payment.ErrKeyReused
		}
		return c, nil
	}
	c := payment.Charge{ID: "declined", OrderID: r.OrderID, Currency: r.Currency, AmountMinor: r.AmountMinor}
	if b.declines {
		c.Status, c.Code = payment.ChargeDeclined, "card_declined"
		return b.remember(c), nil
	}
	b.Captures++
	b.Captured += r.AmountMinor
	c.ID, c.Status = fmt.Sprintf("charge_%d", b.Captures), payment.ChargeCaptured
	return b.remember(c), nil
}

func (b *bank) Void(_ context.Context, r payment.VoidRequest) (payment.Charge, error) {
	if b.looked != nil {
		return payment.Charge{}, errHalfDone
	}
	if b.ChargeKey.ID != "" {
		return b.ChargeKey, nil
	}
	return b.remember(payment.Charge{ID: "voided", OrderID: r.OrderID, Status: payment.ChargeVoided}), nil
}

func (b *bank) remember(c payment.Charge) payment.Charge {
	b.ChargeKey = c
	if b.Found.Status != payment.ChargeCaptured {
		b.Found = c
	}
	return c
}

func (b *bank) Refund(_ context.Context, r payment.RefundRequest) (payment.Refund, error) {
	if b.looked != nil {
		return payment.Refund{}, errHalfDone
	}
	key := &b.RefundKey
	if r.Key != orderID+":refund" {
		key = &b.CreditKey
		b.NoCredit = b.NoCredit || b.declines && b.Refunded == 0 // a refusal once it was given would be a lie
	}
	switch {
	case key.ID != "":
		return *key, nil
	case b.NoCredit && key == &b.CreditKey:
		return payment.Refund{}, payment.ErrNotRefundable
	}
	if r.ChargeID != b.Found.ID {
		return payment.Refund{}, payment.ErrUnknownCharge
	}
	if b.Found.Status != payment.ChargeCaptured || b.Refunded+r.AmountMinor > b.Found.AmountMinor {
		return payment.Refund{}, payment.ErrNotRefundable
	}
	b.Refunded += r.AmountMinor
	*key = payment.Refund{ID: "refund", ChargeID: r.ChargeID, OrderID: r.OrderID, Currency: r.Currency, AmountMinor: r.AmountMinor}
	return *key, nil
}
