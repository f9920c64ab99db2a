package schema_test

import (
	"fmt"
	"strings"
	"testing"

	"orderly/pkg/schema"
)

func TestParse_refuses_what_cannot_be_compared(t *testing.T) {
	t.Parallel()
	doubling := `{"$defs": {"d0": {"type": "string"}`
	for i := range 14 {
		doubling += fmt.Sprintf(`, "d%d": {"properties": {"a": {"$ref": "#/$defs/d%d"}, "b": {"$ref": "#/$defs/d%d"}}}`, i+1, i, i)
	}
	doubling += `}, "$ref": "#/$defs/d14"}`
	deep := strings.Repeat(`{"properties": {"x": `, 40) + `{}` + strings.Repeat(`}}`, 40)
	for name, test := range map[string]struct{ document, want string }{
		"nothing":                    {``, "not JSON"},
		"not JSON":                   {`{"type": }`, "not JSON"},
		"two":                        {`{} {}`, "text after the schema"},
		"null":                       {`null`, "a schema must be an object, this is null"},
		"a list":                     {`[]`, "a schema must be an object, this is an array"},
		"a boolean":                  {object(`true`), "$.x: a schema must be an object"},
		"an unknown type":            {object(`{"type": "decimal"}`), "$.x: type: decimal is no type"},
		"an unknown keyword":         {object(`{"maximun": 5}`), "$.x: maximun: this keyword cannot be compared"},
		"a keyword it cannot decide": {object(`{"oneOf": [{}, {}]}`), "$.x: oneOf: this keyword cannot be compared"},
		"a pattern that is none":     {object(`{"pattern": "["}`), "$.x: pattern: not a regular expression"},
		"a huge number":              {object(`{"maximum": 1e999999999}`), "no number that can be compared"},
		"a tiny number":              {object(`{"maximum": 1e-999999999}`), "no number that can be compared"},
		"half an item":               {object(`{"maxItems": 0.5}`), "whole number"},
		"a file outside":             {object(`{"$ref": "../secret.json#/a"}`), "$.x: $ref ../secret.json#/a: it leads out of the document"},
		"a server outside":           {object(`{"$ref": "https://example.com/a.json"}`), "leads out of the document"},
		"a reference to nowhere":     {object(`{"$ref": "#/$defs/gone"}`), "no such place"},
		"a reference to a text":      {object(`{"$ref": "#/title"}`, `"title": "t"`), "a schema must be an object, this is a string"},
		"a reference with company":   {object(`{"$ref": "#/$defs/a", "maximum": 3}`, `"$defs": {"a": {}}`), `"maximum" stands beside $ref`},
		"a reference to itself":      {`{"$ref": "#"}`, "leads back to itself"},
		"recursion without end":      {object(`{"$ref": "#/$defs/a"}`, `"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}`), "leads back to itself"},
		"a tree":                     {object(`{"$ref": "#"}`), "leads back to itself"},
		"few lines for very many":    {doubling, "more than 10000 schemas"},
		"too deep":                   {deep, "deeper than"},
		"very deep":                  {strings.Repeat(`[`, 500_000), "nested deeper"},
		"too large":                  {`{"title": "` + strings.Repeat("x", 10<<20) + `"}`, "at most 1048576 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := schema.Parse([]byte(test.document))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want ...%s...", err, test.want)
			}
		})
	}
}

// Any bytes at all: Parse panics at none and comes to an end, and what it takes is
// the same as itself.
func FuzzParse(f *testing.F) {
	for _, document := range []string{
		object(text), object(`{"$ref": "#/$defs/n"}`, `"$defs": {"n": {"type": "integer", "minimum": 1e2}}`),
		object(`{"enum": [1, "a", null, {"b": []}]}`, `"required": ["x", "y"]`, `"additionalProperties": {"pattern": "^[a]{1,2}$"}`),
	} {
		f.Add([]byte(document), []byte(object(number)))
	}
	f.Fuzz(func(t *testing.T, one, other []byte) {
		a, err := schema.Parse(one)
		if err != nil {
			return
		}
		if cs := schema.Compare(a, a); len(cs) > 0 {
			t.Errorf("%s differs from itself: %v", one, cs)
		}
		b, err := schema.Parse(other)
		if err != nil {
			return
		}
		there, back := schema.Compare(a, b), schema.Compare(b, a)
		if breaks(there, schema.Readers) != breaks(back, schema.Writers) && breaks(there, schema.Readers) {
			t.Errorf("%s to %s breaks readers, the way back breaks no writers: %v, %v", one, other, there, back)
		}
	})
}

func breaks(cs schema.Changes, side schema.Side) bool {
	v := cs.Verdict()
	if side == schema.Readers {
		return v == schema.Breaking || v == schema.ForWriters
	}
	return v == schema.Breaking || v == schema.ForReaders
}
