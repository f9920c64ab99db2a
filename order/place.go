package order

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"orderly/events"
)

// MaxLines is how many lines an order may have.
const MaxLines = 1000

// MaxMoneyMinor is the largest amount of money, 2^53-1 minor units, so that
// every JSON reader keeps it exact.
const MaxMoneyMinor = 1<<53 - 1

const (
	maxQuantity      = 1<<31 - 1
	maxMetadata      = 16
	maxMetadataName  = 64
	maxMetadataValue = 500
)

// Place asks for a new order. Its id is made before the request is queued: a
// commit of unknown outcome is then rerun without making a second order.
type Place struct {
	ID            string // UUIDv7
	CustomerID    string
	Currency      string
	Lane          string // Standard or Express
	CorrelationID string
	TraceParent   string // of the request; may be empty
	Request       Request

	IdempotencyKey string // "" = the request is never recognised again
	RequestHash    string // of the body, tells a repeat from another request
}

// Problem is one thing that is wrong with a request, and where.
type Problem struct {
	Location string // as body.items[0].quantity
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

// Check returns a Refusal with everything that is wrong with the request, or
// nil. A product named by several lines is one line with their sum from then
// on, in the place of the first.
func (p *Place) Check() error {
	var r Refusal
	r = checkID(r, "body.customer_id", events.CheckID(p.CustomerID))
	if !events.KnownCurrency(p.Currency) {
		r = append(r, Problem{"body.currency", "not an ISO 4217 currency code in capitals, as EUR"})
	}
	r = checkID(r, "body.payment_method", events.CheckID(p.Request.PaymentMethod))
	r = checkID(r, "body.customer_country", events.CheckCountry(p.Request.Country))
	r = checkID(r, "body.channel", events.CheckChannel(p.Request.Channel))
	r = checkMoney(r, "body.expected_total", p.Request.ExpectedTotalMinor)
	r = checkLane(r, p.Lane)
	r = p.checkItems(r)
	r = p.checkTotal(r)
	r = p.checkMetadata(r)
	if len(r) > 0 {
		return r
	}
	return nil
}

func (p *Place) checkItems(r Refusal) Refusal {
	items := p.Request.Items
	if len(items) == 0 || len(items) > MaxLines {
		return append(r, Problem{"body.items", fmt.Sprintf("must have between 1 and %d lines, has %d", MaxLines, len(items))})
	}
	seen := make(map[string]int, len(items))
	merged := make([]events.ItemV2, 0, len(items))
	for i, it := range items {
		at := fmt.Sprintf("body.items[%d].", i)
		r = checkID(r, at+"product_id", events.CheckProductID(it.ProductID))
		r = checkMoney(r, at+"unit_price", it.UnitPriceMinor)
		if it.Quantity < 1 || it.Quantity > maxQuantity {
			r = append(r, Problem{at + "quantity", fmt.Sprintf("must be a whole number between 1 and %d", maxQuantity)})
			continue
		}
		first, again := seen[it.ProductID]
		if !again {
			seen[it.ProductID] = len(merged)
			merged = append(merged, it)
			continue
		}
		r = agreePrice(r, at+"unit_price", &merged[first], it)
		if merged[first].Quantity += it.Quantity; merged[first].Quantity > maxQuantity {
			r = append(r, Problem{at + "quantity", fmt.Sprintf("with the lines before, more than %d of this product", maxQuantity)})
			merged[first].Quantity = maxQuantity
		}
	}
	p.Request.Items = merged
	return r
}

func (p *Place) checkMetadata(r Refusal) Refusal {
	if len(p.Request.Metadata) > maxMetadata {
		r = append(r, Problem{"body.metadata", fmt.Sprintf("must have at most %d entries", maxMetadata)})
	}
	for name, value := range p.Request.Metadata {
		if !printable(name, maxMetadataName) || name == "" || !printable(value, maxMetadataValue) {
			r = append(r, Problem{"body.metadata", fmt.Sprintf("names of 1 to %d and values of up to %d printable characters", maxMetadataName, maxMetadataValue)})
			break
		}
	}
	return r
}

// agreePrice keeps the price of a product that comes again if each of its lines has
// it.
func agreePrice(r Refusal, location string, line *events.ItemV2, again events.ItemV2) Refusal {
	switch {
	case again.UnitPriceMinor == nil, line.UnitPriceMinor == nil:
		line.UnitPriceMinor = nil
	case *line.UnitPriceMinor != *again.UnitPriceMinor:
		return append(r, Problem{location, "another price than the lines before have for this product"})
	}
	return r
}

// checkTotal makes the prices that the customer saw count: if each line has one,
// their total is the one that is expected. It needs lines that are all right.
func (p *Place) checkTotal(r Refusal) Refusal {
	if len(r) > 0 {
		return r
	}
	var total int64
	for _, it := range p.Request.Items {
		if it.UnitPriceMinor == nil {
			return r
		}
		if price := *it.UnitPriceMinor; price > 0 && it.Quantity > (MaxMoneyMinor-total)/price {
			return append(r, Problem{"body.items", fmt.Sprintf("come to more than %d minor units", int64(MaxMoneyMinor))})
		}
		total += it.Quantity * *it.UnitPriceMinor
	}
	switch expected := p.Request.ExpectedTotalMinor; {
	case expected == nil:
		p.Request.ExpectedTotalMinor = &total
	case *expected != total:
		return append(r, Problem{"body.expected_total", fmt.Sprintf("is %d, but the items come to %d by their unit prices", *expected, total)})
	}
	return r
}

func checkMoney(r Refusal, location string, minor *int64) Refusal {
	if minor != nil && (*minor < 0 || *minor > MaxMoneyMinor) {
		return append(r, Problem{location, fmt.Sprintf("must be between 0 and %d minor units", int64(MaxMoneyMinor))})
	}
	return r
}

func checkID(r Refusal, location string, err error) Refusal {
	if err != nil {
		return append(r, Problem{location, err.Error()})
	}
	return r
}

func printable(s string, limit int) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > limit {
		return false
	}
	return strings.IndexFunc(s, unicode.IsControl) < 0
}

// Place makes the order that was asked for, pending.
func (p Policy) Place(c Place, now time.Time) Result {
	o := Order{
		ID:            c.ID,
		CustomerID:    c.CustomerID,
		Currency:      c.Currency,
		Lane:          c.Lane,
		CorrelationID: c.CorrelationID,
		TraceParent:   c.TraceParent,
		Request:       c.Request,
		Status:        Pending,
		CreatedAt:     now,
		Deadline:      now.Add(p.deadline(c.Lane)),
	}
	return p.progress(o, now, Order.created)
}
