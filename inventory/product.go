package inventory

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"orderly/events"
)

// MaxMoneyMinor is the largest amount of money, 2^53-1 minor units, so that
// every JSON reader keeps it exact.
const MaxMoneyMinor = 1<<53 - 1

// MaxStock is the most units of one product that may be on hand.
const MaxStock = 1<<53 - 1

const maxName = 200

// ErrUnknownProduct answers a command for a product that was never put.
var ErrUnknownProduct = errors.New("unknown product")

// ErrNotEnough answers an adjustment that would take units that are reserved
// or not there.
var ErrNotEnough = errors.New("not enough stock")

// Product is what the shop sells, what it costs and how many there are.
// OnHand = Available + Reserved always, and none is ever below zero.
type Product struct {
	ID             string
	Name           string
	Currency       string
	UnitPriceMinor int64
	OnHand         int64 // in the warehouse
	Available      int64 // free to reserve
	Reserved       int64 // held for orders that have not ended
	Sold           int64 // left with confirmed orders, ever
	UpdatedAt      time.Time
}

// Problem is one thing that is wrong with a command, and where.
type Problem struct {
	Location string
	Message  string
}

// Refusal lists all that is wrong with a command that was not accepted.
type Refusal []Problem

// Error joins the problems in one line.
func (r Refusal) Error() string {
	parts := make([]string, len(r))
	for i, p := range r {
		parts[i] = p.Location + ": " + p.Message
	}
	return strings.Join(parts, "; ")
}

// Put makes a product or changes its name and price. Orders reserved before
// keep their price.
type Put struct {
	ID             string
	Name           string
	Currency       string
	UnitPriceMinor int64
}

// Check returns a Refusal with everything that is wrong, or nil.
func (c Put) Check() error {
	var r Refusal
	if err := events.CheckProductID(c.ID); err != nil {
		r = append(r, Problem{"path.id", err.Error()})
	}
	if strings.TrimSpace(c.Name) == "" || utf8.RuneCountInString(c.Name) > maxName || !utf8.ValidString(c.Name) || strings.IndexFunc(c.Name, unicode.IsControl) >= 0 {
		r = append(r, Problem{"body.name", fmt.Sprintf("must have between 1 and %d printable characters, not only spaces", maxName)})
	}
	if !events.KnownCurrency(c.Currency) {
		r = append(r, Problem{"body.currency", "not an ISO 4217 currency code in capitals, as EUR"})
	}
	if c.UnitPriceMinor < 0 || c.UnitPriceMinor > MaxMoneyMinor {
		r = append(r, Problem{"body.unit_price_minor", fmt.Sprintf("must be between 0 and %d", int64(MaxMoneyMinor))})
	}
	if len(r) > 0 {
		return r
	}
	return nil
}

// Apply gives the product as the command wants it; p is the zero Product if
// there is none yet.
func (c Put) Apply(p Product, now time.Time) Product {
	p.ID, p.Name, p.Currency, p.UnitPriceMinor, p.UpdatedAt = c.ID, c.Name, c.Currency, c.UnitPriceMinor, now
	return p
}

// Adjust adds Delta units to a product's stock, or takes them away. Every Adjust
// has an idempotency key: whoever takes in a request without one makes a key
// that no client can send. Otherwise it would be applied twice where it has to
// be decided again, as after a COMMIT whose outcome is unknown.
type Adjust struct {
	ProductID      string
	Delta          int64
	Reason         string
	IdempotencyKey string // recognised for ever, together with the product
	RequestHash    string
}

// Check returns a Refusal with everything that is wrong, or nil.
func (c Adjust) Check() error {
	var r Refusal
	if err := events.CheckProductID(c.ProductID); err != nil {
		r = append(r, Problem{"path.id", err.Error()})
	}
	if c.Delta == 0 || c.Delta > MaxStock || c.Delta < -MaxStock {
		r = append(r, Problem{"body.delta", fmt.Sprintf("must not be zero nor beyond %d", int64(MaxStock))})
	}
	if c.Reason == "" || utf8.RuneCountInString(c.Reason) > maxName || !utf8.ValidString(c.Reason) || strings.IndexFunc(c.Reason, unicode.IsControl) >= 0 {
		r = append(r, Problem{"body.reason", fmt.Sprintf("must have between 1 and %d printable characters", maxName)})
	}
	if len(r) > 0 {
		return r
	}
	return nil
}

// Apply gives the product with its stock adjusted, or ErrNotEnough.
func (c Adjust) Apply(p Product, now time.Time) (Product, error) {
	if p.Available+c.Delta < 0 {
		return p, fmt.Errorf("product %s has %d available, the adjustment asks for %d: %w", p.ID, p.Available, c.Delta, ErrNotEnough)
	}
	if p.OnHand+c.Delta > MaxStock {
		return p, Refusal{{"body.delta", fmt.Sprintf("would make more than %d on hand", int64(MaxStock))}}
	}
	p.OnHand += c.Delta
	p.Available += c.Delta
	p.UpdatedAt = now
	return p, nil
}
