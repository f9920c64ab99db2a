// Package httpapi is the HTTP API of the payment service: what became of an
// order's payment, and the settings of the simulated gateway, to see how the
// system bears a provider that is slow, away or loses answers.
package httpapi
