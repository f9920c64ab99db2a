package model

import (
	"fmt"
	"math/bits"

	"orderly/events"
	"orderly/inventory"
	"orderly/order"
	"orderly/payment"
)

// local is all that is stored about one order, as numbers of the catalogs.
type local struct {
	order, reservation, payment, account uint8
}

// story is one order and all that is under way about it.
type story struct {
	local
	pending tokens
}

// state is one state of the world. Worlds of one order leave the second story
// at its zero value.
type state struct {
	product   uint8
	delivered bool // the one unit has arrived
	stories   [2]story
}

// canonical makes states that differ by the names of the orders only the same.
func (s state) canonical() state {
	if s.stories[1].before(s.stories[0]) {
		s.stories[0], s.stories[1] = s.stories[1], s.stories[0]
	}
	return s
}

func (a story) before(b story) bool {
	x, y := a.local.sortKey(), b.local.sortKey()
	return x < y || x == y && a.pending < b.pending
}

func (l local) sortKey() uint32 {
	return uint32(l.order)<<24 | uint32(l.reservation)<<16 | uint32(l.payment)<<8 | uint32(l.account)
}

// kind says to whom a token happens.
type kind string

const (
	orderHears     kind = "order hears"
	inventoryHears kind = "inventory hears"
	paymentHears   kind = "payment hears"
	gatewayIsAsked kind = "gateway is asked for the payment that is"
	paymentSettles kind = "payment settles"
	clientDoes     kind = "order is told of"   // the customer and the clock
	paymentIsTold  kind = "payment is told of" // the operator and the clock
)

// token is one thing that is under way.
type token struct {
	Kind    kind
	Name    string
	Event   events.Event
	Payment payment.Payment // of the call
	LookUp  *lookUp         // what a call that is half done found
	Outcome payment.Outcome
}

func (t token) String() string {
	if t.LookUp != nil {
		return fmt.Sprintf("%s %s, after looking it up", t.Kind, t.Name)
	}
	return fmt.Sprintf("%s %s", t.Kind, t.Name)
}

// tokens is a set of numbers of the token catalog.
type tokens uint64

func (t tokens) with(n uint8) tokens    { return t | 1<<n }
func (t tokens) without(n uint8) tokens { return t &^ (1 << n) }

// first gives the lowest number in the set, which must not be empty.
func (t tokens) first() uint8 { return uint8(bits.TrailingZeros64(uint64(t))) }

// known holds the values behind the numbers.
type known struct {
	orders       *catalog[order.Order]
	reservations *catalog[inventory.Reservation]
	payments     *catalog[purse]
	accounts     *catalog[account]
	products     *catalog[inventory.Product]
	tokens       *catalog[token]
}

func newKnown() known {
	const rows, bitsOfTokens = 256, 64
	return known{
		orders:       newCatalog[order.Order](rows),
		reservations: newCatalog[inventory.Reservation](rows),
		payments:     newCatalog[purse](rows),
		accounts:     newCatalog[account](rows),
		products:     newCatalog[inventory.Product](rows),
		tokens:       newCatalog[token](bitsOfTokens),
	}
}
