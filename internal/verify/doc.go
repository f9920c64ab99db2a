// Package verify audits a system against its promises G1 to G5 from outside: it
// reads the audit feeds of its services, joins them by order and reports every
// order and product that breaks a rule.
//
// It works while the system runs. The feeds are opened so that whatever one
// implies was committed before the next one's snapshot: first the events, then
// charges, payments, inventory and orders. What an event, a charge or a
// reservation tells of must therefore be found in the feeds after it, whatever
// the clocks say. The other direction, from an order to what it must have left
// elsewhere, is asked only of orders that were closed before the audit began:
// nothing changes about them any more. All others count as open or as too recent.
//
// Of each order only a small trace of its events is kept in memory; all other
// feeds are merged as they arrive.
package verify
