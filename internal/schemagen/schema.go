package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// schema is the part of JSON Schema that the generator knows. A nil number and an empty text mean "not given".
type schema struct {
	Dialect     string `json:"$schema"`
	ID          string `json:"$id"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Type        string `json:"type"`

	Properties    properties `json:"properties"`
	Required      []string   `json:"required"`
	Additional    *schema    `json:"additionalProperties"`
	MaxProperties *int       `json:"maxProperties"`

	Items    *schema `json:"items"`
	MinItems *int    `json:"minItems"`
	MaxItems *int    `json:"maxItems"`

	Format    string   `json:"format"`
	Pattern   string   `json:"pattern"`
	Enum      []string `json:"enum"`
	MinLength *int     `json:"minLength"`
	MaxLength *int     `json:"maxLength"`

	Minimum *int64 `json:"minimum"`
	Maximum *int64 `json:"maximum"`
}

// properties keeps the order of the file, which becomes the order of the fields.
type properties []property

type property struct {
	Name     string
	Required bool
	Schema   *schema
}

func (s *schema) isStruct() bool { return s.Type == "object" && len(s.Properties) > 0 }
func (s *schema) isMap() bool    { return s.Type == "object" && s.Additional != nil }

// inner is the object that has a Go type of its own because of s: s itself, or the items of a list; nil if none.
func (s *schema) inner() *schema {
	switch {
	case s.isStruct():
		return s
	case s.Type == "array":
		return s.Items
	}
	return nil
}

// parseSchema refuses keywords that it does not know.
func parseSchema(content []byte) (*schema, error) {
	var s *schema
	if err := decodeStrict(content, &s); err != nil {
		return nil, err
	}
	if s == nil {
		return nil, fmt.Errorf("null is not a schema")
	}
	s.markRequired()
	return s, nil
}

func (s *schema) markRequired() {
	for i := range s.Properties {
		p := &s.Properties[i]
		p.Required = slices.Contains(s.Required, p.Name)
		p.Schema.markRequired()
	}
	if s.Items != nil {
		s.Items.markRequired()
	}
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *properties) UnmarshalJSON(content []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(content))
	if opening, err := decoder.Token(); err != nil || opening != json.Delim('{') {
		return fmt.Errorf("properties must be an object")
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return err
		}
		var text json.RawMessage
		if err := decoder.Decode(&text); err != nil {
			return err
		}
		one := property{Name: name.(string)} // a key is always a string
		if slices.ContainsFunc(*p, func(other property) bool { return other.Name == one.Name }) {
			return fmt.Errorf("property %s is given twice", one.Name)
		}
		if err := decodeStrict(text, &one.Schema); err != nil {
			return fmt.Errorf("property %s: %w", one.Name, err)
		}
		if one.Schema == nil {
			return fmt.Errorf("property %s: null is not a schema", one.Name)
		}
		*p = append(*p, one)
	}
	return nil
}

func decodeStrict(content []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("not a schema that the generator supports: %w", err)
	}
	if decoder.More() {
		return fmt.Errorf("there is text after the schema")
	}
	return nil
}
