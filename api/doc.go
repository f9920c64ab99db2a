// Package api holds the description of the HTTP API, openapi.yaml, as a running
// process serves it at /openapi.yaml. It is made from the Go types of the
// services' httpapi packages and never edited by hand; a test fails when it is
// out of date.
package api

//go:generate go test -run TestDocumentIsFresh . -update
