// Package payment is the payment service's domain: it charges what inventory
// reserved, and gives back what was captured for an order that was cancelled.
//
// It hears inventory.reserved and orders.cancelled, and says payments.captured,
// payments.failed, payments.refunded and payments.credited:
//
//	       reserved            captured
//	none ───────────▶ charging ──────────────▶ captured
//	  │                 │  │                      │
//	  │ cancelled       │  │ declined             │ cancelled
//	  ▼       cancelled │  └───────▶ failed       ▼           refunded
//	dead                ▼              ▲      refunding ───────────────▶ refunded
//	              charging_dead ───────┘          ▲
//	                    │     declined, voided    │
//	                    └─────────────────────────┘
//	                             captured
//
// While captured, parts of it may be given back by hand: a Credit, one at a time.
// A cancellation waits for the one that is under way and refunds the rest.
//
// A call to the gateway is announced first: the intent (charging, refunding)
// is committed, then the call is made, then its outcome is committed. A call
// whose outcome is unknown is made again under the same key, or the key is
// voided, until the gateway gives an answer; nothing is ever guessed.
//
// The package is pure: no clock, no database, no broker. The gateway is an
// interface.
package payment
