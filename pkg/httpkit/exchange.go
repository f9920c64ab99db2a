package httpkit

import (
	"context"

	"go.opentelemetry.io/otel/trace"

	"orderly/pkg/engine"
)

// exchange is what one request carries along in its context.
type exchange struct {
	correlationID string
	traceParent   string
	span          trace.Span // nil if it is not traced
	failure       error      // what an answer of 500 or above does not tell
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	if x == nil {
		return &exchange{}
	}
	return x
}

// CorrelationID returns the id that names the request everywhere; empty if the
// request did not come through [NewHandler].
func CorrelationID(ctx context.Context) string { return exchangeOf(ctx).correlationID }

// TraceParent returns the W3C trace context of the request's span or, if there are
// no traces, that it came with; empty if that is not well formed.
func TraceParent(ctx context.Context) string { return exchangeOf(ctx).traceParent }

// Meta returns what a command hands on to all that it leads to.
func Meta(ctx context.Context) engine.Meta {
	x := exchangeOf(ctx)
	return engine.Meta{CorrelationID: x.correlationID, TraceParent: x.traceParent}
}

const maxCorrelationID = 128

// validCorrelationID accepts 1 to 128 printable ASCII characters without
// spaces: what fits in a header and a log line untouched.
func validCorrelationID(s string) bool {
	if s == "" || len(s) > maxCorrelationID {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
