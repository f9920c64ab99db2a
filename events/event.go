package events

// Event is the payload of one event. The types of this package that have a schema of their own implement it, as
// values; a pointer to one works too but is never what Decode returns.
type Event interface {
	// EventName is the wire name, such as "orders.created". It never changes and is one of the Name constants.
	EventName() string

	// EventVersion is the version of the schema that the type is made of, from 1 on.
	EventVersion() int

	// Order is the id of the order that the event tells of: a UUID if Validate returns nil.
	Order() string

	// Validate checks the value against every constraint of its schema and returns the first fault as
	// "<path>: <reason>", or nil. A sender calls it before it encodes the value with encoding/json: a value that
	// passes is accepted by every reader of the same version.
	Validate() error
}
