package asyncapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2/yaml"
)

// Contract is what a document is made from.
type Contract struct {
	Version string // of the build
	// Prefix goes in front of an event's name and version in its ce-type.
	Prefix string
	// Lanes are the last tokens that subjects may have; the first is the usual one.
	Lanes  []string
	Events []Event
}

// Event is one version of one event.
type Event struct {
	Name    string
	Version int
	Schema  []byte
	// DataSchema names the schema in ce-dataschema.
	DataSchema string
	// SaidBy and HeardBy are services; nobody may be among either.
	SaidBy, HeardBy []string
}

func (e Event) key() string { return fmt.Sprintf("%s.v%d", e.Name, e.Version) }

// JSON returns the document as JSON.
func (c Contract) JSON() ([]byte, error) {
	d, err := c.document()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err = e.Encode(d)
	return b.Bytes(), err
}

// YAML returns the same document as YAML.
func (c Contract) YAML() ([]byte, error) {
	text, err := c.JSON()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = yaml.Convert(&b, bytes.NewReader(text))
	return b.Bytes(), err
}

const description = "What the services of Orderly tell each other over NATS JetStream, as CloudEvents 1.0. " +
	"Expect each event more than once, late, and in any order: its id says whether you know it. " +
	"Ignore members that you do not know."

func (c Contract) document() (document, error) {
	d := document{
		AsyncAPI:           version,
		ID:                 "urn:orderly:events",
		Info:               info{Title: "Orderly events", Version: c.Version, Description: description},
		DefaultContentType: jsonType,
		Channels:           map[string]channel{},
		Operations:         map[string]operation{},
		Components:         components{Schemas: map[string]schema{"headers": headers()}, Messages: map[string]message{}},
	}
	for _, e := range c.Events {
		payload, err := payloadOf(e)
		if err != nil {
			return d, err
		}
		d.Components.Schemas[e.key()] = payload
		d.Components.Schemas[e.key()+".event"] = c.structured(e)
		d.Components.Messages[e.key()] = c.single(e, payload)
		d.Components.Messages[e.key()+".pack"] = pack(e, payload)
		d.Channels[e.key()] = c.channel(e, payload)
		for _, service := range e.SaidBy {
			d.Operations[service+".says."+e.key()] = operationOf(e, "send", service, " says that: ", payload)
		}
		for _, service := range e.HeardBy {
			d.Operations[service+".hears."+e.key()] = operationOf(e, "receive", service, " hears that: ", payload)
		}
	}
	return d, nil
}

func (c Contract) channel(e Event, payload schema) channel {
	return channel{
		Address:     e.key() + ".{lane}",
		Title:       payload.text("title"),
		Description: payload.text("description"),
		Messages: map[string]reference{
			"single": {"#/components/messages/" + e.key()},
			"pack":   {"#/components/messages/" + e.key() + ".pack"},
		},
		Parameters: map[string]parameter{"lane": {
			Description: "Which lane the order takes: the last token of the subject.",
			Enum:        slices.Clone(c.Lanes),
			Default:     c.Lanes[0],
		}},
	}
}

func operationOf(e Event, action, service, does string, payload schema) operation {
	return operation{
		Action:  action,
		Channel: reference{"#/channels/" + e.key()},
		Summary: "The " + service + " service" + does + payload.text("description"),
		Tags:    []tag{{service}},
		Messages: []reference{
			{"#/channels/" + e.key() + "/messages/single"},
			{"#/channels/" + e.key() + "/messages/pack"},
		},
	}
}

// payloadOf is an event's schema without what belongs to a document of its own.
func payloadOf(e Event) (schema, error) {
	decoder := json.NewDecoder(bytes.NewReader(e.Schema))
	decoder.UseNumber()
	var s schema
	if err := decoder.Decode(&s); err != nil {
		return nil, fmt.Errorf("the schema of %s: %w", e.key(), err)
	}
	delete(s, "$schema")
	delete(s, "$id")
	return s, nil
}

func (s schema) text(keyword string) string {
	text, _ := s[keyword].(string)
	return strings.TrimSpace(text)
}
