package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// maxDepth is how deep objects may lie in each other: a reader recurses as deep.
const maxDepth = 8

// check refuses a schema that the generated code could not keep to, or could not tell absent from empty in.
func (s *schema) check(path string) error {
	if strings.Count(path, ".") > maxDepth {
		return refuse(path, "objects lie deeper than %d in each other", maxDepth)
	}
	if s.Title == "" || s.Description == "" {
		return refuse(path, "title and description are required: they become the documentation")
	}
	if path != "" && (s.ID != "" || s.Dialect != "") {
		return refuse(path, "$id and $schema belong to the root")
	}
	if err := s.checkKeywords(path); err != nil {
		return err
	}
	switch s.Type {
	case "object":
		return s.checkObject(path)
	case "array":
		return s.checkArray(path)
	case "string":
		return s.checkString(path)
	default:
		return s.checkInteger(path)
	}
}

// checkKeywords refuses keywords that mean nothing for the type.
func (s *schema) checkKeywords(path string) error {
	allowed, known := map[string][]string{
		"object":  {"properties", "required", "additionalProperties", "maxProperties"},
		"array":   {"items", "minItems", "maxItems"},
		"string":  {"format", "pattern", "enum", "minLength", "maxLength"},
		"integer": {"minimum", "maximum"},
	}[s.Type]
	if !known {
		return refuse(path, "type %q is not supported", s.Type)
	}
	for _, keyword := range s.given() {
		if !slices.Contains(allowed, keyword) {
			return refuse(path, "%s means nothing for type %s", keyword, s.Type)
		}
	}
	return nil
}

func (s *schema) given() []string {
	var keywords []string
	for _, keyword := range []struct {
		name  string
		given bool
	}{
		{"properties", s.Properties != nil}, {"required", s.Required != nil},
		{"additionalProperties", s.Additional != nil}, {"maxProperties", s.MaxProperties != nil},
		{"items", s.Items != nil}, {"minItems", s.MinItems != nil}, {"maxItems", s.MaxItems != nil},
		{"format", s.Format != ""}, {"pattern", s.Pattern != ""}, {"enum", s.Enum != nil},
		{"minLength", s.MinLength != nil}, {"maxLength", s.MaxLength != nil},
		{"minimum", s.Minimum != nil}, {"maximum", s.Maximum != nil},
	} {
		if keyword.given {
			keywords = append(keywords, keyword.name)
		}
	}
	return keywords
}

func (s *schema) checkObject(path string) error {
	if s.isMap() {
		return s.checkMap(path)
	}
	if !s.isStruct() || s.MaxProperties != nil {
		return refuse(path, "an object must have either properties or additionalProperties with maxProperties")
	}
	for _, name := range s.Required {
		if !slices.ContainsFunc(s.Properties, func(p property) bool { return p.Name == name }) {
			return refuse(path, "%s is required but not described", name)
		}
	}
	for _, p := range s.Properties {
		if err := p.check(path); err != nil {
			return err
		}
	}
	return nil
}

func (p property) check(path string) error {
	path = strings.TrimPrefix(path+"."+p.Name, ".")
	if !regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`).MatchString(p.Name) {
		return refuse(path, "a property name must be snake_case")
	}
	if err := p.Schema.check(path); err != nil {
		return err
	}
	switch {
	case p.Schema.isMap() && p.Required:
		return refuse(path, "a required map is not supported")
	case p.Schema.Type == "array" && !p.Required:
		return refuse(path, "an optional list is not supported")
	case p.Schema.Type == "string" && !p.Required && p.Schema.allowsEmpty():
		return refuse(path, "an optional string must not be allowed to be empty: empty means absent")
	}
	return nil
}

func (s *schema) checkMap(path string) error {
	if s.Properties != nil || s.Required != nil || s.MaxProperties == nil {
		return refuse(path, "a map must have maxProperties and no properties")
	}
	if s.Additional.Type != "string" {
		return refuse(path, "the values of a map must be strings")
	}
	return s.Additional.check(path + ".*")
}

func (s *schema) checkArray(path string) error {
	if s.MinItems == nil || s.MaxItems == nil || *s.MinItems < 1 {
		return refuse(path, "a list must have minItems of at least 1, and maxItems")
	}
	if s.Items == nil || !s.Items.isStruct() {
		return refuse(path, "the items of a list must be objects with properties")
	}
	return s.Items.check(path + "[]")
}

func (s *schema) checkString(path string) error {
	if s.MinLength != nil && s.MaxLength == nil {
		return refuse(path, "minLength goes with maxLength")
	}
	kinds := 0
	for _, given := range []bool{s.Format != "", s.Pattern != "", s.Enum != nil, s.MaxLength != nil} {
		if given {
			kinds++
		}
	}
	if kinds != 1 {
		return refuse(path, "a string must have exactly one of format, pattern, enum and maxLength")
	}
	if s.Format != "" && s.Format != "uuid" {
		return refuse(path, "format %q is not supported", s.Format)
	}
	if s.Pattern != "" {
		if _, err := parsePattern(s.Pattern); err != nil {
			return refuse(path, "%s", err)
		}
	}
	return nil
}

// allowsEmpty tells whether the empty string is a valid value.
func (s *schema) allowsEmpty() bool {
	if s.Pattern != "" {
		p, err := parsePattern(s.Pattern)
		return err == nil && p.minimum == 0
	}
	return slices.Contains(s.Enum, "") || s.MaxLength != nil && (s.MinLength == nil || *s.MinLength == 0)
}

func (s *schema) checkInteger(path string) error {
	if s.Minimum == nil || s.Maximum == nil {
		return refuse(path, "an integer must have minimum and maximum")
	}
	return nil
}

func refuse(path, format string, args ...any) error {
	if path == "" {
		path = "payload"
	}
	return fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...))
}
