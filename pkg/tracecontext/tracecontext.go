// Package tracecontext reads and writes the header traceparent of W3C Trace
// Context, in which events and requests carry the span that they follow from.
package tracecontext

import (
	"encoding/hex"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// length is that of version-trace-span-flags: 2, 32, 16 and 2 digits.
const length = 2 + 1 + 32 + 1 + 16 + 1 + 2

// Valid reports whether s is version-trace-span-flags in lower case hex, where
// neither id is all zeros. It looks at the shape that every version begins with,
// and takes no version with more to it.
func Valid(s string) bool {
	if len(s) != length || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return false
	}
	version, traceID, spanID, flags := s[:2], s[3:35], s[36:52], s[53:]
	return digits(version) && version != "ff" && digits(traceID) && !zeros(traceID) && digits(spanID) && !zeros(spanID) && digits(flags)
}

// TraceID returns the id of the trace as it is written; empty if s is not valid.
func TraceID(s string) string {
	if !Valid(s) {
		return ""
	}
	return s[3:35]
}

// Unsampled reports whether s says that nobody records its trace. It looks at
// nothing else, since it is asked of every event.
func Unsampled(s string) bool {
	return len(s) == length && strings.IndexByte("13579bdf", s[length-1]) < 0
}

// Same reports whether a and b, both valid, are in one trace.
func Same(a, b string) bool {
	return len(a) == length && len(b) == length && a[3:35] == b[3:35]
}

// Parse returns the span that s names, of another process. It is false if s is
// not valid.
func Parse(s string) (trace.SpanContext, bool) {
	if !Valid(s) {
		return trace.SpanContext{}, false
	}
	c := trace.SpanContextConfig{Remote: true}
	var flags [1]byte
	// Valid digits always decode.
	_, _ = hex.Decode(c.TraceID[:], []byte(s[3:35]))
	_, _ = hex.Decode(c.SpanID[:], []byte(s[36:52]))
	_, _ = hex.Decode(flags[:], []byte(s[53:]))
	c.TraceFlags = trace.TraceFlags(flags[0])
	return trace.NewSpanContext(c), true
}

// Format returns sc as a traceparent; empty if sc names no span.
func Format(sc trace.SpanContext) string {
	if !sc.IsValid() {
		return ""
	}
	traceID, spanID := sc.TraceID(), sc.SpanID()
	out := make([]byte, 0, length)
	out = append(out, "00-"...)
	out = hex.AppendEncode(out, traceID[:])
	out = append(out, '-')
	out = hex.AppendEncode(out, spanID[:])
	out = append(out, '-')
	out = hex.AppendEncode(out, []byte{byte(sc.TraceFlags())})
	return string(out)
}

func digits(s string) bool {
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
