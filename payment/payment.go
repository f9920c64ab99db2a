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

// refunded tells how much came back: nothing, unless it had been captured.
func (p Payment) refunded() events.Event {
	e := events.PaymentRefunded{OrderID: p.OrderID}
	if p.State == Refunded {
		e.Currency, e.AmountMinor = p.Currency, p.AmountMinor
	}
	return e
}
