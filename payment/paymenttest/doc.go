// Package paymenttest holds the tests that every payment.Gateway must pass, the simulated one as well as an
// adapter for a real provider. Run them from the adapter's own tests with TestGateway.
//
// They use the card names pm_card_visa, which must capture, and pm_card_visa_chargeDeclined, which must be
// declined with a code. Keys and order ids are new ones in every run, so that a provider's test account can be
// used again and again.
package paymenttest
