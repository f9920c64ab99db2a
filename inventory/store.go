package inventory

import (
	"context"
	"errors"
)

// ErrKeyReused answers an adjustment whose idempotency key came before with
// another body.
var ErrKeyReused = errors.New("the idempotency key was used before with another request")

// ErrNoReservation says that inventory never heard of the order asked for.
var ErrNoReservation = errors.New("no reservation for this order")

// Reader answers questions about products. What it returns is durable, and at
// least as new as the last answer to a command.
type Reader interface {
	// Product returns one product, or ErrUnknownProduct.
	Product(ctx context.Context, id string) (Product, error)
	// Products returns up to limit products by id, those after the given one.
	Products(ctx context.Context, after string, limit int) ([]Product, error)
	// Reservation returns what is held for an order, without its lines, or
	// ErrNoReservation.
	Reservation(ctx context.Context, orderID string) (Reservation, error)
}

// Adjusted answers Adjust: the product's stock as it was right after the
// adjustment, also when the request is repeated long after.
type Adjusted struct {
	ProductID string
	OnHand    int64
	Available int64
	Replayed  bool // the request had been applied before
}
