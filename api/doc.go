// Package api holds the descriptions of what others talk to, as a running process
// serves them: of the HTTP API, openapi.yaml, made from the Go types of the
// services' httpapi packages, and of the events, asyncapi.yaml, made from their
// schemas and the services' subscriptions. Neither is ever edited by hand; tests
// fail when one is out of date.
package api

//go:generate go test -run Fresh . -update
