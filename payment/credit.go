package payment

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"orderly/events"
)

// Why a credit is not begun. None of them leaves a trace.
var (
	// ErrNothingCaptured says that the order's money was not taken, or is on its way back already.
	ErrNothingCaptured = errors.New("nothing is captured that could be given back")
	// ErrTooMuch says that more was asked for than is left of what was captured.
	ErrTooMuch = errors.New("not so much is left of what was captured")
	// ErrOtherCurrency says that the amount is not in the currency of the payment.
	ErrOtherCurrency = errors.New("the payment is in another currency")
	// ErrCreditUnderWay says that the credit before has no outcome yet.
	ErrCreditUnderWay = errors.New("another refund of this order is under way")
	// ErrCreditReused says that the key was used before for another credit of the order.
	ErrCreditReused = errors.New("the key was used before with another request")
)

// CreditState is where a credit stands.
type CreditState string

// The states of a credit. Given and Refused are ends.
const (
	CreditPending CreditState = "pending" // intended, and may have been given
	CreditGiven   CreditState = "given"
	CreditRefused CreditState = "refused" // by the gateway, for good: nothing was given
)

// Credit is a refund by hand: a part of what was captured, or all that is left
// of it, is given back because a person decided so.
type Credit struct {
	ID          string // a UUID, fixed before the credit is first committed
	OrderID     string
	AskedMinor  int64 // 0: all that was left
	AmountMinor int64
	Currency    string
	Why         string
	By          string

	State     CreditState
	Refusal   string // what the gateway said; while pending: what contradicts the credit
	At        time.Time
	SettledAt time.Time // zero while pending
	Told      int       // how often it was told again since
	DueAt     time.Time // when it is called or told again; zero: never
}

// AskCredit asks for a credit. Its id is made before the request is queued: a
// commit of unknown outcome is then rerun without giving back twice.
type AskCredit struct {
	ID          string
	OrderID     string
	AmountMinor int64  // 0: all that is left
	Currency    string // of the amount; "" if there is none
	Why         string
	By          string
}

// Problem is one thing that is wrong with a request, and where.
type Problem struct {
	Location string // as body.amount_minor
	Message  string
}

// Refusal lists all that is wrong with a request that was not accepted.
type Refusal []Problem

// Error joins the problems in one line.
func (r Refusal) Error() string {
	parts := make([]string, len(r))
	for i, p := range r {
		parts[i] = p.Location + ": " + p.Message
	}
	return strings.Join(parts, "; ")
}

const (
	maxWhy   = 500
	maxBy    = 64
	maxMoney = 1<<53 - 1
)

// Check returns a Refusal with everything that is wrong with the request, or
// nil.
func (a AskCredit) Check() error {
	var r Refusal
	if a.AmountMinor < 0 || a.AmountMinor > maxMoney {
		r = append(r, Problem{"body.amount_minor", fmt.Sprintf("must be between 1 and %d minor units", int64(maxMoney))})
	}
	if a.AmountMinor > 0 && !events.KnownCurrency(a.Currency) {
		r = append(r, Problem{"body.currency", "not an ISO 4217 currency code in capitals, as EUR: say which the amount is in"})
	}
	if !readable(a.Why, maxWhy) {
		r = append(r, Problem{"body.why", fmt.Sprintf("must say why, in 1 to %d printable characters", maxWhy)})
	}
	if !readable(a.By, maxBy) {
		r = append(r, Problem{"body.by", fmt.Sprintf("must say who, in 1 to %d printable characters", maxBy)})
	}
	if len(r) > 0 {
		return r
	}
	return nil
}

func readable(s string, limit int) bool {
	return strings.TrimSpace(s) != "" && utf8.ValidString(s) && utf8.RuneCountInString(s) <= limit &&
		strings.IndexFunc(s, unicode.IsControl) < 0
}

const (
	// creditPatience is how long a credit may be without an outcome before it is
	// called again: longer than a call takes. It is also when one that was given
	// is first told again.
	creditPatience = 30 * time.Second
	// creditTellings is how often a credit is told again, with pauses that double:
	// for almost six days, which is about as long as streams keep it.
	creditTellings = 14
)

// Ask begins a credit of a payment whose other credits are loaded.
func (s Saga) Ask(p Payment, a AskCredit, now time.Time) (Result, error) {
	if p.State != Captured {
		return Result{Payment: p}, fmt.Errorf("payment of order %s is %q: %w", p.OrderID, p.State, ErrNothingCaptured)
	}
	amount := a.AmountMinor
	if amount == 0 {
		amount = p.left()
	}
	switch {
	case p.Credit.ID != "":
		return Result{Payment: p}, fmt.Errorf("order %s: %w: %s of %d %s (minor units)", p.OrderID, ErrCreditUnderWay, p.Credit.ID, p.Credit.AmountMinor, p.Currency)
	case a.AmountMinor > 0 && a.Currency != p.Currency:
		return Result{Payment: p}, fmt.Errorf("order %s: %w: %s, not %s", p.OrderID, ErrOtherCurrency, p.Currency, a.Currency)
	case amount == 0 || amount > p.left():
		return Result{Payment: p}, fmt.Errorf("order %s: %w: captured %d, given back by hand %d, left %d, asked for %d %s (minor units)",
			p.OrderID, ErrTooMuch, p.AmountMinor, p.CreditedMinor, p.left(), a.AmountMinor, p.Currency)
	}
	p.Credit = Credit{
		ID: a.ID, OrderID: p.OrderID, AskedMinor: a.AmountMinor, AmountMinor: amount, Currency: p.Currency, Why: a.Why, By: a.By,
		State: CreditPending, At: now, DueAt: now.Add(creditPatience),
	}
	p.UpdatedAt = now
	return Result{Payment: p, Credit: p.Credit, Changed: true, Call: &Call{Payment: p}}, nil
}

// Matches reports whether a request is the one that began the credit.
func (c Credit) Matches(a AskCredit) bool {
	return c.AskedMinor == a.AmountMinor && (a.AmountMinor == 0 || c.Currency == a.Currency)
}

// Again calls a pending credit again, or tells one that was given once more. P
// is its payment.
func (p Payment) Again(c Credit, now time.Time) Result {
	r := Result{Payment: p}
	switch c.State {
	case CreditPending:
		c.DueAt = now.Add(creditPatience)
		r.Credit, r.Call = c, &Call{Payment: p}
	case CreditGiven:
		if c.Told++; c.Told < creditTellings {
			c.DueAt = now.Add(creditPatience << c.Told)
		} else {
			c.DueAt = time.Time{}
		}
		r.Credit, r.Says = c, []events.Event{c.given()}
	}
	return r
}

// Remind is what the clock says to a credit: one that is due is called or told
// again, any other stays as it is.
func (p Payment) Remind(c Credit, now time.Time) Result {
	if c.DueAt.IsZero() || now.Before(c.DueAt) {
		return Result{Payment: p}
	}
	return p.Again(c, now)
}

func (c Credit) given() events.Event {
	return events.PaymentCredited{OrderID: c.OrderID, CreditID: c.ID, Currency: c.Currency, AmountMinor: c.AmountMinor}
}

// With returns the payment with one more of its credits, as a store loads them.
func (p Payment) With(c Credit) Payment {
	switch c.State {
	case CreditPending:
		p.Credit = c
	case CreditGiven:
		p.CreditedMinor += c.AmountMinor
	}
	return p
}

// left is what of the captured amount was not credited, nor is about to be.
func (p Payment) left() int64 { return p.AmountMinor - p.CreditedMinor - p.Credit.AmountMinor }

// give ends the credit that is under way. An outcome of another one is old.
func give(t *turn) error {
	c := t.Payment.Credit
	if c.ID == "" || c.ID != t.outcome.CreditID {
		return nil
	}
	if err := t.agree(c.AmountMinor); err != nil {
		return err
	}
	t.Payment.CreditedMinor += c.AmountMinor
	c.State, c.Refusal, c.DueAt = CreditGiven, "", t.now.Add(creditPatience)
	t.endCredit(c)
	t.say(c.given())
	return nil
}

func refuseCredit(t *turn) error {
	c := t.Payment.Credit
	if c.ID == "" || c.ID != t.outcome.CreditID {
		return nil
	}
	c.State, c.Refusal, c.DueAt = CreditRefused, t.outcome.Code, time.Time{}
	t.endCredit(c)
	return nil
}

// doubtCredit keeps what the gateway said: it is asked again as before.
func doubtCredit(t *turn) error {
	c := t.Payment.Credit
	if c.ID == "" || c.ID != t.outcome.CreditID {
		return nil
	}
	c.Refusal = t.outcome.Code
	t.Credit, t.Payment.Credit = c, c
	return nil
}

func (t *turn) endCredit(c Credit) {
	c.SettledAt = t.now
	t.Credit, t.Payment.Credit = c, Credit{}
	t.become(t.Payment.State)
}

// thenRefund goes on with the refund that waited for a credit's outcome.
func thenRefund(end func(*turn) error) func(*turn) error {
	return func(t *turn) error {
		before := t.Payment.Credit.ID
		if err := end(t); err != nil || t.Payment.Credit.ID == before {
			return err
		}
		return refund(t)
	}
}
