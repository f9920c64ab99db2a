// Package otlp sends spans to an OpenTelemetry receiver: OTLP over HTTP, told by
// the standard OTEL_ variables of the environment, and off without them.
//
// It encodes and batches with OpenTelemetry's own SDK and has a client of its own,
// because theirs links gRPC, which makes a program 5 MB larger.
//
// Tracing never stands in the way: spans wait in a queue of bounded length, what
// finds no room in it or no receiver is dropped, and the log says so, seldom.
package otlp
