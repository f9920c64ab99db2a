// Package client speaks the HTTP API from the outside. It repeats a request
// only where that has no second effect, and returns what the system refuses as
// a [*Problem].
package client
