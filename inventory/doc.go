// Package inventory is the inventory service's domain: it knows what is on the
// shelves and what it costs, and reserves all items of an order or none.
//
// It hears orders.created, orders.cancelled and orders.confirmed, and says
// inventory.reserved, inventory.rejected, inventory.released and
// inventory.committed:
//
//	        created              confirmed
//	none ───────────▶ reserved ────────────▶ committed
//	  │ │                 │
//	  │ │ created         │ cancelled
//	  │ └──▶ rejected     ▼
//	  │         │      released
//	  │         │ cancelled
//	  │         ▼
//	  └───────▶ dead
//	 cancelled
//
// There is one reservation for each order, also for an order that was
// cancelled before it was heard of: that row is what makes every message
// harmless the second time. The price is the one at the moment of reservation
// and is kept with it.
//
// The package is pure: no clock, no database, no broker.
package inventory
