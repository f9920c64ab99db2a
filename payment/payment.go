package payment

import (
	"time"

	"orderly/events"
)

// State is where the payment of an order stands.
type State string

// The states. None is the zero value: nothing was heard of the order yet.
const (
	None         State = ""
	Charging     State = "charging"      // the charge is intended and may have been made
	ChargingDead State = "charging_dead" // the same, but the order was cancelled meanwhile
	Captured     State = "captured"
	Refunding    State = "refunding" // the refund is intended and may have been made
	Failed       State = "failed"    // declined or voided: nothing was charged
	Dead         State = "dead"      // cancelled before anything was charged
	Refunded     State = "refunded"
)

// Payment is the payment of one order.
type Payment struct {
	OrderID     string
	State       State
	Currency    string
	AmountMinor int64
	Method      string
	ChargeID    string // the gateway's id, once captured
	Code        string // why it was declined
	IntentAt    time.Time
	UpdatedAt   time.Time

	// Of the credits, which stores load only where they count: what was given
	// back by them, and the one that is under way, of which there is one at most.
	CreditedMinor int64
	Credit        Credit
}

// freeCharge stands for the charge of an order that costs nothing: there is no
// call for it.
const freeCharge = "free"

func (p Payment) captured() events.Event {
	return events.PaymentCaptured{OrderID: p.OrderID, ChargeID: p.ChargeID, Currency: p.Currency, AmountMinor: p.AmountMinor}
}

func (p Payment) failed() events.Event {
	return events.PaymentFailed{OrderID: p.OrderID, Code: p.Code}
}

// refunded tells how much came back because of the cancellation: what credits
// had left, and nothing unless it had been captured.
func (p Payment) refunded() events.Event {
	e := events.PaymentRefunded{OrderID: p.OrderID}
	if p.State == Refunded {
		e.Currency, e.AmountMinor = p.Currency, p.left()
	}
	return e
}
