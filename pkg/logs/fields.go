package logs

import (
	"slices"
	"time"

	"go.uber.org/zap"

	"orderly/pkg/tracecontext"
)

// Field is one word of the vocabulary.
type Field struct {
	Name string
	Help string
}

// Fields is the vocabulary: no log has any other field. A name means the same
// wherever it is. Names that end in _ms are numbers of milliseconds.
func Fields() []Field { return slices.Clone(vocabulary) }

var vocabulary = []Field{
	{"attempt", "which attempt at the same thing this was"},
	{"attempts", "how many attempts at an input have failed so far"},
	{"consumer", "the durable consumer that an event came by"},
	{"correlation_id", "names a request and everything that it led to"},
	{"deliveries", "how often a message came"},
	{"drain_ms", "how long requests are still served"},
	{"drift", "how a stream or consumer differs from what is declared"},
	{"duration_ms", "how long the thing took"},
	{"error", "what failed"},
	{"event_id", "the event's id: the same however often it comes"},
	{"event_type", "the event's type and version"},
	{"events", "how many events"},
	{"failing", "the checks that are not passed, and why"},
	{"failure", "what an input failed with before, where another error came on top"},
	{"input", "what was decided: event, command, timer, call or replay"},
	{"inputs", "how many were decided together"},
	{"is", "how it is, where it should be as it was"},
	{"key", "of an outside call: the same key is one effect"},
	{"kind", "of a loss"},
	{"letters", "how many dead letters"},
	{"method", "the HTTP method"},
	{"nats_subject", "the subject on NATS"},
	{"next_try_ms", "how long until the next try"},
	{"order_id", "the order that it is about"},
	{"path", "of a request: no query, which may hold anything"},
	{"reason", "why"},
	{"reruns", "how often a transaction was rolled back and is run again"},
	{"server", "the NATS server's name"},
	{"service", "order, inventory or payment"},
	{"spans_lost", "how many spans of traces nobody received"},
	{"stack", "of a panic"},
	{"status", "the HTTP status"},
	{"stream", "the JetStream stream"},
	{"subject", "of an event: what it is about, where that is no order"},
	{"to", "who is called"},
	{"trace_id", "of the trace that an input belongs to"},
	{"url", "an address, without passwords"},
	{"variable", "of the environment"},
	{"verdict", "what became of an input: refused, again, dead letter, parked"},
	{"waited_ms", "how long it has been waited for"},
	{"waiting", "how many wait"},
	{"was", "how it was"},
}

// Took is duration_ms.
func Took(d time.Duration) zap.Field { return Millis("duration_ms", d) }

// Millis is a time in milliseconds; name ends in _ms.
func Millis(name string, d time.Duration) zap.Field {
	return zap.Float64(name, float64(d.Microseconds())/1000)
}

// TraceID is trace_id, of a W3C traceparent; nothing if that names no trace.
func TraceID(traceParent string) zap.Field {
	if id := tracecontext.TraceID(traceParent); id != "" {
		return zap.String("trace_id", id)
	}
	return zap.Skip()
}
