package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"orderly/events"
	"orderly/internal/app"
	"orderly/pkg/event"
)

// schemaValidateCommand checks what is in a file by the doors of this build.
type schemaValidateCommand struct {
	File string `arg:"" help:"JSON file: a CloudEvent, a list of them, or with --as a bare payload."`
	As   string `help:"What the payload is: an event, as orders.created, or one of its versions, as orders.created.v1." placeholder:"NAME"`
}

// maxValidated bounds the file; one message on the wire is far smaller.
const maxValidated = 16 << 20

// validated is one event, or the one payload, as it is printed.
type validated struct {
	Index int    `json:"index"`
	ID    string `json:"id,omitempty"`
	Type  string `json:"type,omitempty"`
	Valid bool   `json:"valid"`
	Fault string `json:"fault,omitempty"` // where and why
}

// Run runs the command.
func (c *schemaValidateCommand) Run(s *session) error {
	content, err := readAll(c.File, maxValidated)
	if err != nil {
		return err
	}
	if !json.Valid(content) {
		var any json.RawMessage
		return usage("%s is not JSON: %w", c.File, json.Unmarshal(content, &any))
	}
	results, err := c.validate(content)
	if err != nil {
		return err
	}
	err = s.out.print(results, func(w io.Writer) {
		for _, r := range results {
			r.text(w)
		}
	})
	for _, r := range results {
		if !r.Valid && err == nil {
			err = errReported
		}
	}
	return err
}

func (c *schemaValidateCommand) validate(content []byte) ([]validated, error) {
	if c.As != "" {
		v, err := knownSchema(c.As)
		if err != nil {
			return nil, err
		}
		return []validated{validatePayload(v, content)}, nil
	}
	contentType, err := modeOf(content)
	if err != nil {
		return nil, usage("%s: %w", c.File, err)
	}
	registry, err := app.NewRegistry()
	if err != nil {
		return nil, err
	}
	opened, err := registry.Open(event.Message{Header: map[string][]string{"content-type": {contentType}}, Data: content})
	if err != nil {
		return nil, usage("%s: %w", c.File, err)
	}
	results := make([]validated, len(opened))
	for i, o := range opened {
		results[i] = validateEvent(registry, i, o)
	}
	if len(results) == 0 {
		return nil, usage("%s: the list holds no event", c.File)
	}
	return results, nil
}

// modeOf tells a list of CloudEvents from one, and a CloudEvent from a payload.
func modeOf(content []byte) (contentType string, err error) {
	if bytes.HasPrefix(bytes.TrimSpace(content), []byte("[")) {
		return "application/cloudevents-batch+json", nil
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(content, &members) != nil {
		return "", errors.New("neither a CloudEvent nor a payload: both are objects")
	}
	if members["specversion"] == nil && members["type"] == nil {
		return "", errors.New("no CloudEvent, for it has no specversion; of a bare payload say which event it is with --as, as orders.created.v1")
	}
	return "application/cloudevents+json", nil
}

func validatePayload(v events.Version, content []byte) validated {
	r := validated{Type: versionName(v), Valid: true}
	if _, err := v.Decode(content); err != nil {
		r.Valid, r.Fault = false, err.Error()+resembles(content, versionName(v))
	}
	return r
}

func validateEvent(registry *event.Registry, i int, o event.Result) validated {
	e := o.Event
	r := validated{Index: i, ID: e.ID, Type: e.Type, Valid: o.Err == nil}
	contract, known := registry.Lookup(e.Name, e.Version)
	switch {
	case o.Err != nil && known:
		r.Fault = o.Err.Error()
		if _, err := contract.Decode(e.Data); err != nil && errors.Is(o.Err, event.ErrInvalid) {
			r.Fault += resembles(e.Data, fmt.Sprintf("%s.v%d", e.Name, e.Version))
		}
	case o.Err != nil:
		r.Fault = fmt.Sprintf("%s; this build knows %s", o.Err, strings.Join(knownNames(), ", "))
	case e.DataSchema != "" && e.DataSchema != contract.DataSchema:
		r.Valid, r.Fault = false, fmt.Sprintf("dataschema: %s disagrees with the type %s, whose schema is %s", e.DataSchema, e.Type, contract.DataSchema)
	}
	return r
}

// resembles says which other event a payload that is refused would be valid as:
// then not the payload is wrong, but what it is called.
func resembles(payload []byte, not string) string {
	var others []string
	for _, v := range events.Catalog() {
		if _, err := v.Decode(payload); err == nil && versionName(v) != not {
			others = append(others, versionName(v))
		}
	}
	if len(others) == 0 {
		return ""
	}
	return fmt.Sprintf(" (payload and type disagree? as %s it is valid)", strings.Join(others, " or "))
}

func (r validated) text(w io.Writer) {
	name := r.Type
	if r.ID != "" {
		name += " " + r.ID
	}
	if r.Valid {
		fmt.Fprintf(w, "%d\tvalid\t%s\n", r.Index, name)
		return
	}
	fmt.Fprintf(w, "%d\tinvalid\t%s\n\t\t%s\n", r.Index, name, r.Fault)
}
