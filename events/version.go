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

	// Up turns an event of this version into one of the next, nil for the newest; Down into one of the version before,
	// nil for the oldest. Both are pure, of valid events they make valid ones, and down after up is the identity: what
	// only the newer version can say is absent after up and lost by down. The error says that the event is of another
	// version.
	Up, Down func(Event) (Event, error)

	// Retired says that nobody says or reads the version any more. It is here for what is stored.
	Retired bool
}

// Newest turns a valid event of any version into one of the newest version of its name. An event that is not in the
// catalogue is refused.
func Newest(e Event) (Event, error) {
	for _, v := range Catalog() {
		if v.Name != e.EventName() || v.Version != e.EventVersion() {
			continue
		}
		if v.Up == nil {
			return e, nil
		}
		next, err := v.Up(e)
		if err != nil {
			return nil, err
		}
		return Newest(next)
	}
	return nil, fault("%s version %d is not in the catalogue", e.EventName(), e.EventVersion())
}

// converter makes Up or Down of a Version.
func converter[From, To Event](convert func(From) To) func(Event) (Event, error) {
	return func(e Event) (Event, error) {
		from, ok := e.(From)
		if !ok {
			return nil, fault("a %T cannot be converted as a %T", e, from)
		}
		return convert(from), nil
	}
}
