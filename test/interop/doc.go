// Package interop holds the test that what Orderly puts on the wire is
// CloudEvents as others read it, and the other way round: the CloudEvents SDK
// for Go is the other side, a NATS server lies between.
package interop
