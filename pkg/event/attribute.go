package event

import (
	"fmt"
	"strings"
	"time"
)

const (
	specVersion = "1.0"
	jsonType    = "application/json"
)

// attribute is a context attribute of an event under its CloudEvents name. The
// name doubles as the JSON member and, after "ce-", as the NATS header.
type attribute struct {
	name, value string
}

// attributes lists an event's attributes as they are written, without those
// that are the same for every event. Empty ones are not written.
func attributes(e *Event) [8]attribute {
	return [8]attribute{
		{"id", e.ID},
		{"source", e.Source},
		{"type", e.Type},
		{"subject", e.Subject},
		{"dataschema", e.DataSchema},
		{"correlationid", e.CorrelationID},
		{"causationid", e.CausationID},
		{"traceparent", e.TraceParent},
	}
}

// attributeNames are all attributes that are read. Those it does not list are
// extensions of others and are skipped.
var attributeNames = [...]string{
	"specversion", "id", "source", "type", "subject", "time", "datacontenttype",
	"dataschema", "correlationid", "causationid", "traceparent",
}

// attributeName returns the attribute of that name, or "" if it is not read.
func attributeName(name []byte) string {
	for _, known := range attributeNames {
		if string(name) == known {
			return known
		}
	}
	return ""
}

// setAttribute takes over one attribute that was read, or says why it cannot.
func setAttribute(e *Event, name, value string) error {
	switch name {
	case "specversion":
		if value != specVersion {
			return fmt.Errorf("specversion %q: only %s is read", value, specVersion)
		}
	case "datacontenttype":
		if t := mediaType(value); t != jsonType {
			return fmt.Errorf("datacontenttype %q: only %s is read", value, jsonType)
		}
	case "time":
		t, err := time.Parse(time.RFC3339Nano, value)
		if err != nil {
			return fmt.Errorf("time %q: not a time as in RFC 3339", value)
		}
		e.Time = utc(t)
	case "id":
		e.ID = value
	case "source":
		e.Source = value
	case "type":
		e.Type = value
	case "subject":
		e.Subject = value
	case "dataschema":
		e.DataSchema = value
	case "correlationid":
		e.CorrelationID = value
	case "causationid":
		e.CausationID = value
	case "traceparent":
		e.TraceParent = value
	}
	return nil
}

// mediaType strips parameters such as "; charset=utf-8".
func mediaType(s string) string {
	s, _, _ = strings.Cut(s, ";")
	return strings.ToLower(strings.TrimSpace(s))
}
