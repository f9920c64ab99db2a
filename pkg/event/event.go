package event

import "time"

// DefaultLane is the lane of an event whose Lane is empty.
const DefaultLane = "standard"

// Event is one CloudEvents 1.0 event with its payload in both forms, as bytes
// and decoded. A sender fills in ID, Source, Name, Payload and what else it
// has, and [Registry.Seal] completes it; [Registry.Open] returns it complete.
type Event struct {
	// ID identifies the event: two events with one ID are the same event, told
	// twice (ce-id). Required.
	ID string
	// Type is the wire name: type prefix, Name, ".v" and Version (ce-type).
	// Set by Seal.
	Type string
	// Source says who sent it (ce-source). Required.
	Source string
	// Subject is the id of the thing that the event tells of (ce-subject). It
	// is not the NATS subject: that is [Registry.Subject].
	Subject string
	// Time is when it happened, in UTC (ce-time). The zero time is left out.
	Time time.Time
	// DataSchema names the schema of the payload (ce-dataschema). Set by Seal.
	DataSchema string

	// CorrelationID is shared by all events of one story (ce-correlationid).
	CorrelationID string
	// CausationID is the ID of the event that led to this one (ce-causationid).
	CausationID string
	// TraceParent is a W3C trace context (ce-traceparent).
	TraceParent string

	// Name is the logical name, without prefix and version.
	Name string
	// Version is the contract's version as it travels, from 1 on. Seal takes 0
	// as the newest.
	Version int
	// Lane is the last token of the NATS subject. Empty means [DefaultLane].
	Lane string

	// Data is the payload as JSON, exactly as it travels.
	Data []byte
	// Payload is the payload decoded, of the type that the contract of the
	// newest version decodes to.
	Payload any
}

// Message is what goes over NATS, in the types of no particular client.
type Message struct {
	// Subject is the NATS subject.
	Subject string
	// Header holds the message's headers; the writer's names are lower case.
	Header map[string][]string
	// Data is the message's body.
	Data []byte
}

// Packed is a message together with the events that it carries.
type Packed struct {
	Message
	// Events are the positions of the carried events in the slice given to
	// [Registry.Pack], in the order in which they lie in the message.
	Events []int
}

// Result is one event of an opened message, or why it could not be opened.
type Result struct {
	// Event is complete if Err is nil. Otherwise it holds as much as could be
	// read, and Payload is nil.
	Event Event
	// Err is nil, or wraps [ErrInvalid] or [ErrUnknown].
	Err error
}
