package events

// Version is one version of one event: what is needed to read it. Get one from Catalog; the zero value decodes
// nothing.
type Version struct {
	// Name is the wire name, one of the Name constants.
	Name string

	// Version counts from 1. Versions of one name are read and written side by side.
	Version int

	// Schema is the JSON Schema (draft 2020-12, formats asserted) that Decode and Validate keep to.
	Schema []byte

	// Decode reads a payload and is as strict as the schema: what it returns passes Validate, and it refuses exactly
	// what a schema interpreter refuses. Members that the schema does not name are ignored; of members that come twice
	// the last one counts. The error is "<path>: <reason>", or begins with "not JSON"; it is for a person, and trying
	// again never helps.
	//
	// The event keeps no reference to data. Its strings share one copy of it: strings.Clone one that outlives the
	// event by far.
	Decode func(data []byte) (Event, error)
}
