package order

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"orderly/events"
)

// ErrNotFound says that there is no order with the id asked for.
var ErrNotFound = errors.New("no such order")

// ErrKeyReused answers a request whose idempotency key came before with
// another body.
var ErrKeyReused = errors.New("the idempotency key was used before with another request")

// Reader answers questions about orders. What it returns is durable, and at
// least as new as the last answer to a command.
type Reader interface {
	// Get returns one order as it stands, or ErrNotFound.
	Get(ctx context.Context, id string) (View, error)
	// List returns a page of orders, the newest first.
	List(ctx context.Context, f Filter) ([]Order, error)
	// History returns all that happened to an order, in order, or ErrNotFound.
	History(ctx context.Context, id string) ([]Entry, error)
	// Actions returns what operators did to an order, the oldest first; none is
	// no error.
	Actions(ctx context.Context, id string) ([]Action, error)
	// Stuck returns a page of the open orders that make no progress, the oldest
	// first.
	Stuck(ctx context.Context, f StuckFilter) ([]Order, error)
}

// StuckFilter says which orders count as stuck.
type StuckFilter struct {
	For   time.Duration // without progress for longer
	After string        // orders younger than the one with this id; "" for all
	Limit int
}

// View is an order with what was asked for and, once known, what it costs.
type View struct {
	Order
	Lines []events.PricedItem // nil until inventory has priced the order
}

// Filter says which orders to list. Zero fields do not filter.
type Filter struct {
	Status     Status
	CustomerID string
	Before     string // orders older than the one with this id
	Limit      int
}

// Entry is one event in the history of an order.
type Entry struct {
	ID      string // the event's
	Name    string
	Version int
	At      time.Time
	Cause   string // the event that led to it, or CauseRequest, CauseClock
	Data    json.RawMessage
}

// The causes of an entry that no event led to.
const (
	CauseRequest = "request"
	CauseClock   = "clock"
)

// Accepted answers Place: the order as it was accepted, also when the request
// is repeated long after.
type Accepted struct {
	OrderID   string
	CreatedAt time.Time
	Replayed  bool // the request had been accepted before
}
