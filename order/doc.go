// Package order is the order service's domain: it takes orders and drives each
// one to exactly one end, confirmed or cancelled.
//
// It hears requests (place, cancel), the clock (deadline, redrive) and what the
// other services say, and it says orders.created, orders.confirmed and
// orders.cancelled:
//
//	              inventory.rejected, payments.failed,
//	              cancel, deadline
//	          ┌──────────────────────────────────────────┐
//	place     │             inventory.reserved           ▼
//	──────▶ pending ───────────────────▶ reserved ──▶ cancelled
//	          │                             │            │
//	          │ payments.captured           │            │ inventory.released,
//	          └───────────▶ confirmed ◀─────┘            │ payments.refunded
//	                           │                         ▼
//	                           └───────────────────▶  closed
//	                     inventory.committed
//
// Whatever it is, it hears payments.credited: money that an operator gave back.
//
// The table in saga.go is total and idempotent: hearing a thing again, late or
// out of order changes nothing that must not change. An order that is not yet
// closed is announced again from time to time (see Policy), and each
// participant answers again from its own state, so the chain runs again from
// its root whatever message was lost.
//
// The package is pure: no clock, no database, no broker.
package order
