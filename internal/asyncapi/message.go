package asyncapi

const (
	jsonType  = "application/json"
	batchType = "application/cloudevents-batch+json"
)

// attribute is one attribute of a CloudEvent, as header and as member.
type attribute struct {
	name, about string
	required    bool
}

func attributes() []attribute {
	return []attribute{
		{"id", "Two events with one id are the same event, told twice.", true},
		{"source", "Who said it.", true},
		{"subject", "The id of the order that it tells of.", false},
		{"time", "When it happened, as in RFC 3339.", false},
		{"correlationid", "Shared by all events of one story.", false},
		{"causationid", "The id of the event that led to this one.", false},
		{"traceparent", "A W3C trace context.", false},
	}
}

// headers are those of an event alone, but for what differs from event to event.
func headers() schema {
	properties := schema{
		"ce-specversion":     schema{"const": "1.0"},
		"ce-datacontenttype": schema{"const": jsonType},
	}
	required := []string{"ce-specversion", "ce-type"}
	for _, a := range attributes() {
		properties["ce-"+a.name] = schema{"type": "string", "description": a.about}
		if a.required {
			required = append(required, "ce-"+a.name)
		}
	}
	return schema{
		"title":       "Attributes of an event alone",
		"description": "CloudEvents in binary mode: space, double quote, percent sign and all that is not printable ASCII are percent-encoded.",
		"type":        "object",
		"properties":  properties,
		"required":    required,
	}
}

// single is an event alone, in binary mode.
func (c Contract) single(e Event, payload schema) message {
	return message{
		Name:        c.Prefix + e.key(),
		Title:       payload.text("title"),
		Summary:     "The event alone: its attributes are headers, the body is its payload.",
		ContentType: jsonType,
		CorrelationID: &correlationID{
			Description: "Shared by all events of one story.", Location: "$message.header#/ce-correlationid",
		},
		Headers: schema{
			"type":  "object",
			"allOf": []schema{{"$ref": "#/components/schemas/headers"}},
			"properties": schema{
				"ce-type":       schema{"const": c.Prefix + e.key()},
				"ce-dataschema": schema{"const": e.DataSchema},
			},
		},
		Payload: schema{"$ref": "#/components/schemas/" + e.key()},
	}
}

// pack is several events of one subject in one message.
func pack(e Event, payload schema) message {
	return message{
		Name:        e.key() + ".pack",
		Title:       payload.text("title") + ", several",
		Summary:     "Several of the event: each with an id of its own, to be handled by itself.",
		ContentType: batchType,
		Headers: schema{
			"type":       "object",
			"properties": schema{"content-type": schema{"const": batchType}},
			"required":   []string{"content-type"},
		},
		Payload: schema{"type": "array", "items": schema{"$ref": "#/components/schemas/" + e.key() + ".event"}},
	}
}

// structured is an event in the JSON format, as it lies in a pack.
func (c Contract) structured(e Event) schema {
	properties := schema{
		"specversion":     schema{"const": "1.0"},
		"type":            schema{"const": c.Prefix + e.key()},
		"dataschema":      schema{"const": e.DataSchema},
		"datacontenttype": schema{"const": jsonType},
		"data":            schema{"$ref": "#/components/schemas/" + e.key()},
	}
	required := []string{"specversion", "type", "data"}
	for _, a := range attributes() {
		properties[a.name] = schema{"type": "string", "description": a.about}
		if a.required {
			required = append(required, a.name)
		}
	}
	return schema{
		"title":       e.key() + " in the JSON format",
		"description": "CloudEvents in structured mode, as in a pack.",
		"type":        "object",
		"properties":  properties,
		"required":    required,
	}
}
