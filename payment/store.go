package payment

import (
	"context"
	"errors"
)

// ErrNotFound says that payment never heard of the order asked for.
var ErrNotFound = errors.New("no payment for this order")

// Reader answers questions about payments. What it returns is durable.
type Reader interface {
	// Payment returns the payment of an order, or ErrNotFound.
	Payment(ctx context.Context, orderID string) (Payment, error)
	// Credits returns the credits of an order, the oldest first; none is no error.
	Credits(ctx context.Context, orderID string) ([]Credit, error)
}
