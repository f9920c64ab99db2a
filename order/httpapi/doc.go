// Package httpapi is the HTTP API of the order service: place an order, see
// what became of it, list, cancel, and read all that happened.
//
// Requests are strict: what is not understood is refused with everything that
// is wrong with it, and leaves no trace. A 202 means that the order is durable.
package httpapi
