// Package gateway simulates a provider of card payments. Simulated behaves as providers do, the unpleasant
// parts included: it answers late, has outages, loses answers after the money has moved, declines cards, and
// forgets idempotency keys after a while. All of that can be set at run time.
//
// It keeps a ledger in a database of its own that payment never looks into, so that an audit can count what
// was really charged and refunded and hold it against what the orders say. An answer is given only after its
// entry is committed: the ledger survives the death of the process.
//
// Calls that run at the same time share one commit. The outcome of a card is told by its name, which follows
// the names of Stripe's test cards, such as pm_card_visa or pm_card_visa_chargeDeclined.
//
// It does not move money, and its ledger is not an account book: entries are only added.
package gateway
