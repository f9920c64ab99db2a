package payment

import (
	"context"
	"errors"
	"time"
)

// Refusals: definite answers of a provider that repeating the call will not change.
var (
	// ErrKeyReused says that an idempotency key came back with other parameters than it was first used with.
	ErrKeyReused = errors.New("idempotency key was already used with other parameters")
	// ErrUnknownCharge says that a refund names a charge the provider has no record of.
	ErrUnknownCharge = errors.New("no such charge")
	// ErrNotRefundable says that a refund does not fit its charge: nothing was captured, the currency
	// differs, or the amount is more than what is left of the captured one.
	ErrNotRefundable = errors.New("charge does not allow this refund")
	// ErrBadRequest says that the provider will never take the request, such as one with an empty field or
	// a negative amount.
	ErrBadRequest = errors.New("provider does not accept this request")
)

// Refused reports whether err is a provider's definite refusal. Any other error of a Gateway leaves the
// outcome unknown: the call may have had its effect and must be repeated under the same key.
func Refused(err error) bool {
	return errors.Is(err, ErrKeyReused) || errors.Is(err, ErrUnknownCharge) ||
		errors.Is(err, ErrNotRefundable) || errors.Is(err, ErrBadRequest)
}

// Gateway is what payment needs of a provider of card payments. Every call that changes something carries
// an idempotency key: for KeyRetention after its first use, the same key with the same parameters has one
// effect and gives the same answer, also when the calls run at the same time. With other parameters it is
// refused with ErrKeyReused. Implementations are safe for concurrent use and honour ctx.
type Gateway interface {
	// Charge captures an amount. Captured, declined and voided are answers; an error that is not Refused
	// leaves the outcome unknown.
	Charge(ctx context.Context, r ChargeRequest) (Charge, error)

	// Refund gives back all or part of a captured charge.
	Refund(ctx context.Context, r RefundRequest) (Refund, error)

	// Void takes the key of a charge out of use for ever: a Charge with that key, now on its way or later,
	// answers ChargeVoided and captures nothing. A charge that was already captured or declined under a key
	// that is still remembered stays as it is and is the answer.
	Void(ctx context.Context, r VoidRequest) (Charge, error)

	// FindByOrder looks a charge up by the order it was made for, whatever the age of its key: the captured
	// charge if there is one (the oldest, should there be several), else the latest. It reports false if the
	// provider knows no charge for the order; that says nothing about a call still on its way.
	FindByOrder(ctx context.Context, orderID string) (Charge, bool, error)

	// KeyRetention is how long the provider remembers a key. A call that may be older must not be repeated
	// blindly but be looked up with FindByOrder first.
	KeyRetention() time.Duration
}

// ChargeRequest asks for AmountMinor (minor units of Currency, such as cents) from the payment method.
type ChargeRequest struct {
	Key         string
	OrderID     string
	Method      string
	Currency    string
	AmountMinor int64
}

// ChargeStatus is the final state of a charge.
type ChargeStatus string

// The states of a charge. Each is final: later calls never turn one into another.
const (
	ChargeCaptured ChargeStatus = "captured"
	ChargeDeclined ChargeStatus = "declined"
	ChargeVoided   ChargeStatus = "voided"
)

// Charge is the provider's answer to a charge. It repeats the order, the currency
// and the amount that were asked for, also if it is declined. Code says why a declined charge was declined, in the
// provider's words (card_declined, insufficient_funds, ...), and is empty otherwise. A charge that was voided
// before it was made has no amount and no currency. The ID of a captured charge has 1 to 128 letters, digits,
// hyphens and underscores: it travels in payments.captured.
//
// RefundedMinor, how much of it was given back so far, is only filled in by FindByOrder.
type Charge struct {
	ID            string
	OrderID       string
	Currency      string
	AmountMinor   int64
	RefundedMinor int64
	Status        ChargeStatus
	Code          string
}

// RefundRequest asks to give back AmountMinor of the charge ChargeID.
type RefundRequest struct {
	Key         string
	OrderID     string
	ChargeID    string
	Currency    string
	AmountMinor int64
}

// Refund is the provider's answer to a refund.
type Refund struct {
	ID          string
	ChargeID    string
	OrderID     string
	Currency    string
	AmountMinor int64
}

// VoidRequest names the charge to void by the charge's own Key.
type VoidRequest struct {
	Key     string
	OrderID string
}
