package httpkit

import (
	"context"

	"orderly/pkg/engine"
)

// exchange is what one request carries along in its context.
type exchange struct {
	correlationID string
	traceParent   string
	failure       error // what an answer of 500 or above does not tell
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

// TraceParent returns the W3C trace context that the request came with; empty
// if it had none that is well formed.
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

// validTraceParent accepts version-trace-parent-flags in lower case hex, where
// neither id is all zeros. It looks at the shape that every version begins
// with, and takes no version with more to it.
func validTraceParent(s string) bool {
	if len(s) != 55 || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return false
	}
	version, trace, parent, flags := s[:2], s[3:35], s[36:52], s[53:]
	return hex(version) && version != "ff" && hex(trace) && !zeros(trace) && hex(parent) && !zeros(parent) && hex(flags)
}

func hex(s string) bool {
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && (s[i] < 'a' || s[i] > 'f') {
			return false
		}
	}
	return true
}

func zeros(s string) bool {
	for i := range len(s) {
		if s[i] != '0' {
			return false
		}
	}
	return true
}
