package schema_test

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"orderly/pkg/schema"
)

// What Compare passes, an interpreter passes: of random schemas and random changes
// to them, whatever a writer of the one side may write is valid for the other side's
// readers, if Compare names nobody whom that breaks.
func TestCompare_never_passes_what_an_interpreter_refuses(t *testing.T) {
	t.Parallel()
	g := generator{rand.New(rand.NewPCG(1, 2))}
	passed, values := 0, 0
	for range 1500 {
		before := g.schema(3)
		after := g.changed(before, 3)
		cs := schema.Compare(parse(t, encoded(before)), parse(t, encoded(after)))
		for side, pair := range map[schema.Side][2]map[string]any{schema.Writers: {before, after}, schema.Readers: {after, before}} {
			if breaks(cs, side) {
				continue
			}
			passed++
			writer, reader := judgeOf(t, pair[0]), judgeOf(t, pair[1])
			for range 20 {
				value := g.value(pair[0], 3)
				if writer.Validate(value) != nil {
					continue
				}
				values++
				if err := reader.Validate(value); err != nil {
					t.Fatalf("before %s\nafter %s\nwho goes by the old %s are not broken by %v\nyet %s is refused: %v", encoded(before), encoded(after), side, cs, encoded(value), err)
				}
			}
		}
	}
	if passed < 500 || values < 2500 {
		t.Errorf("%d comparisons with %d values: too few to prove anything", passed, values)
	}
}

func encoded(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func judgeOf(t *testing.T, document map[string]any) *jsonschema.Schema {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(encoded(document)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("mem:schema", parsed); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("mem:schema")
	if err != nil {
		t.Fatalf("%s: %v", encoded(document), err)
	}
	return compiled
}

// generator makes schemas and values that fit them more often than not.
type generator struct{ *rand.Rand }

func (g generator) often() bool { return g.IntN(3) > 0 }

func pick[T any](g generator, from ...T) T { return from[g.IntN(len(from))] }

func (g generator) schema(depth int) map[string]any {
	kinds := []string{"string", "integer", "number", "enum", "any"}
	if depth > 0 {
		kinds = append(kinds, "object", "object", "object", "array")
	}
	s := map[string]any{}
	kind := pick(g, kinds...)
	switch kind {
	case "enum":
		s["enum"] = []any{pick[any](g, "a", 1, nil), pick[any](g, "ab", 2.5, true, 4)}
		return s
	case "any":
		return s
	}
	s["type"] = kind
	for _, keyword := range g.keywords(kind) {
		if g.IntN(3) == 0 {
			s[keyword] = g.keyword(keyword, depth)
		}
	}
	if kind == "object" {
		s["properties"] = g.keyword("properties", depth)
	}
	return s
}

func (generator) keywords(kind string) []string {
	return map[string][]string{
		"string":  {"minLength", "maxLength", "pattern", "enum"},
		"integer": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
		"number":  {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
		"array":   {"items", "minItems", "maxItems", "uniqueItems"},
		"object":  {"required", "additionalProperties", "minProperties", "maxProperties", "properties"},
	}[kind]
}

func (g generator) keyword(keyword string, depth int) any {
	switch keyword {
	case "pattern":
		return pick(g, "^[a-z]{1,3}$", "^[a-c]{1,2}$", "^[a-z]+$", "^a*$", "^a", "^[a-z]{2}$")
	case "enum":
		return []any{pick[any](g, "a", "b"), pick[any](g, "ab", "abc")}
	case "multipleOf":
		return pick[any](g, 1, 2, 0.5, 4)
	case "uniqueItems":
		return g.often()
	case "items":
		return g.schema(depth - 1)
	case "required":
		return slices.Compact([]any{"a", pick[any](g, "a", "b", "c")})
	case "additionalProperties":
		if g.often() {
			return false
		}
		return g.schema(depth - 1)
	case "properties":
		properties := map[string]any{}
		for _, name := range []string{"a", "b", "c"} {
			if g.often() {
				properties[name] = g.schema(depth - 1)
			}
		}
		return properties
	}
	return g.IntN(4)
}

// changed is a copy of a schema with something else in one place.
func (g generator) changed(s map[string]any, depth int) map[string]any {
	out := maps.Clone(s)
	properties, _ := out["properties"].(map[string]any)
	if len(properties) > 0 && g.often() {
		properties = maps.Clone(properties)
		name := pick(g, slices.Sorted(maps.Keys(properties))...)
		properties[name] = g.changed(properties[name].(map[string]any), depth-1)
		out["properties"] = properties
		return out
	}
	if items, ok := out["items"].(map[string]any); ok && g.often() {
		out["items"] = g.changed(items, depth-1)
		return out
	}
	kind, _ := s["type"].(string)
	keywords := g.keywords(kind)
	if len(keywords) == 0 || g.IntN(5) == 0 {
		return g.schema(max(depth, 0))
	}
	keyword := pick(g, keywords...)
	if _, given := out[keyword]; given && g.often() {
		delete(out, keyword)
	} else {
		out[keyword] = g.keyword(keyword, max(depth, 1))
	}
	return out
}

// value is something that a writer may write: only members that his schema names,
// or describes as others.
func (g generator) value(s map[string]any, depth int) any {
	if listed, ok := s["enum"].([]any); ok {
		return parsedValue(pick(g, listed...))
	}
	switch pick(g, s["type"], s["type"], pick[any](g, "string", "integer", "null")) {
	case "object":
		return g.object(s, depth)
	case "array":
		list := []any{}
		items, _ := s["items"].(map[string]any)
		for range g.IntN(5) {
			list = append(list, g.value(items, depth-1))
		}
		return list
	case "integer":
		return parsedValue(g.IntN(9) - 2)
	case "number":
		return parsedValue(float64(g.IntN(18)-4) / 2)
	case "null":
		return nil
	}
	return pick[any](g, "", "a", "ab", "abc", "abcd", "b", "bb", "zz", "A", "a b")
}

func (g generator) object(s map[string]any, depth int) any {
	o := map[string]any{}
	properties, _ := s["properties"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if g.often() {
			o[name] = g.value(properties[name].(map[string]any), depth-1)
		}
	}
	if others, ok := s["additionalProperties"].(map[string]any); ok {
		for _, name := range []string{"a", "b", "c", "d"} {
			if _, named := properties[name]; !named && g.often() {
				o[name] = g.value(others, depth-1)
			}
		}
	}
	return o
}

// parsedValue is a value as the interpreter wants it.
func parsedValue(value any) any {
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(encoded(value)))
	if err != nil {
		panic(err)
	}
	return parsed
}
