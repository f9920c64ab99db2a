package schema_test

import (
	"strings"
	"testing"

	"orderly/pkg/schema"
)

// object is a schema with one member x, and what else is given.
func object(x string, more ...string) string {
	return `{"type": "object", "properties": {"x": ` + x + `}` + strings.Join(append([]string{""}, more...), ", ") + `}`
}

func parse(t testing.TB, document string) *schema.Schema {
	t.Helper()
	s, err := schema.Parse([]byte(document))
	if err != nil {
		t.Fatalf("Parse(%s): %v", document, err)
	}
	return s
}

const (
	text   = `{"type": "string"}`
	number = `{"type": "number"}`
)

// Each kind of change, by what is tighter and what is looser: to tighten breaks
// writers of the old version, to loosen breaks its readers.
func TestCompare_finds_each_kind_of_change(t *testing.T) {
	t.Parallel()
	list := func(rest string) string { return `{"type": "array", "items": {"type": "integer"}` + rest + `}` }
	for name, test := range map[string]struct{ loose, tight, path, reason string }{
		"a required member":      {object(text), object(text, `"required": ["x"]`), "$.x", "require it"},
		"a type":                 {object(number), object(`{"type": "integer"}`), "$.x", "only integer"},
		"one of two types":       {object(`{"type": ["string", "null"]}`), object(text), "$.x", "only string"},
		"any type":               {object(`{}`), object(text), "$.x", "any type"},
		"a value of an enum":     {object(`{"enum": ["a", "b"]}`), object(`{"enum": ["a"]}`), "$.x", `"b"`},
		"an enum":                {object(text), object(`{"type": "string", "enum": ["a"]}`), "$.x", `only "a"`},
		"a constant":             {object(`{"enum": ["a", "b"]}`), object(`{"const": "a"}`), "$.x", `"b"`},
		"a format":               {object(text), object(`{"type": "string", "format": "uuid"}`), "$.x", "format uuid"},
		"a pattern":              {object(text), object(`{"type": "string", "pattern": "^[a-z]{3}$"}`), "$.x", "^[a-z]{3}$"},
		"the class of a pattern": {object(`{"type": "string", "pattern": "^[a-zA-Z]{1,3}$"}`), object(`{"type": "string", "pattern": "^[a-z]{1,3}$"}`), "$.x", "^[a-z]{1,3}$"},
		"the count of a pattern": {object(`{"type": "string", "pattern": "^[a-z]{1,4}$"}`), object(`{"type": "string", "pattern": "^[a-z]{2,3}$"}`), "$.x", "^[a-z]{2,3}$"},
		"a pattern of an enum":   {object(`{"enum": ["a", "B"]}`), object(`{"enum": ["a"]}`), "$.x", `"B"`},
		"a longest text":         {object(`{"type": "string", "maxLength": 9}`), object(`{"type": "string", "maxLength": 8}`), "$.x", "at most 8"},
		"a shortest text":        {object(text), object(`{"type": "string", "minLength": 1}`), "$.x", "at least 1"},
		"a minimum":              {object(`{"type": "integer", "minimum": 0}`), object(`{"type": "integer", "minimum": 1}`), "$.x", "at least 1"},
		"a new minimum":          {object(number), object(`{"type": "number", "minimum": -1.5}`), "$.x", "at least -3/2"},
		"a maximum":              {object(`{"type": "integer", "maximum": 9}`), object(`{"type": "integer", "maximum": 8}`), "$.x", "at most 8"},
		"an exclusive minimum":   {object(`{"type": "number", "minimum": 0}`), object(`{"type": "number", "exclusiveMinimum": 0}`), "$.x", "exclusive"},
		"an exclusive maximum":   {object(`{"type": "number", "maximum": 1}`), object(`{"type": "number", "exclusiveMaximum": 1}`), "$.x", "exclusive"},
		"a multiple":             {object(`{"type": "integer", "multipleOf": 2}`), object(`{"type": "integer", "multipleOf": 6}`), "$.x", "multiple of 6"},
		"a new multiple":         {object(number), object(`{"type": "number", "multipleOf": 0.01}`), "$.x", "multiple of 1/100"},
		"a longest list":         {object(list(`, "maxItems": 9`)), object(list(`, "maxItems": 8`)), "$.x", "at most 8"},
		"a shortest list":        {object(list(``)), object(list(`, "minItems": 1`)), "$.x", "at least 1"},
		"each item once":         {object(list(``)), object(list(`, "uniqueItems": true`)), "$.x", "twice"},
		"the items":              {object(`{"type": "array"}`), object(list(``)), "$.x[*]", "integer"},
		"a member of items":      {object(`{"type": "array", "items": ` + object(number) + `}`), object(`{"type": "array", "items": ` + object(`{"type": "integer"}`) + `}`), "$.x[*].x", "integer"},
		"a required one inside":  {object(object(text)), object(object(text, `"required": ["x"]`)), "$.x.x", "require it"},
		"a count of members":     {object(`{"type": "object", "maxProperties": 3}`), object(`{"type": "object", "maxProperties": 2}`), "$.x", "at most 2"},
		"a least of members":     {object(`{"type": "object"}`), object(`{"type": "object", "minProperties": 2}`), "$.x", "at least 2"},
		"the values of a map":    {object(`{"type": "object", "additionalProperties": {"type": "string", "maxLength": 9}}`), object(`{"type": "object", "additionalProperties": {"type": "string", "maxLength": 8}}`), "$.x.*", "at most 8"},
		"a map of one type":      {object(`{"type": "object"}`), object(`{"type": "object", "additionalProperties": {"type": "string"}}`), "$.x.*", "only string"},
		"closed":                 {object(text), object(text, `"additionalProperties": false`), "$.*", "more than is named"},
		"a map that is closed":   {object(text, `"additionalProperties": {"type": "string"}`), object(text, `"additionalProperties": false`), "$.*", "more than is named"},
		"through a reference":    {object(`{"$ref": "#/$defs/n"}`, `"$defs": {"n": `+number+`}`), object(`{"$ref": "#/$defs/n"}`, `"$defs": {"n": {"type": "integer"}}`), "$.x", "integer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loose, tight := parse(t, test.loose), parse(t, test.tight)
			tightened := schema.Compare(loose, tight)
			wants(t, tightened, schema.ForReaders, test.path, test.reason)
			loosened := schema.Compare(tight, loose)
			wants(t, loosened, schema.ForWriters, test.path, test.reason)
			for _, same := range []*schema.Schema{loose, tight} {
				if cs := schema.Compare(same, same); cs.Verdict() != schema.Unchanged {
					t.Errorf("compared with itself: %v", cs)
				}
			}
		})
	}
}

func wants(t *testing.T, got schema.Changes, verdict schema.Verdict, path, reason string) {
	t.Helper()
	if got.Verdict() != verdict {
		t.Errorf("verdict %q of %v, want %q", got.Verdict(), got, verdict)
	}
	if len(got) == 0 {
		return
	}
	if got[0].Path != path || !strings.Contains(got[0].Reason, reason) {
		t.Errorf("got %+v, want %s: ...%s...", got[0], path, reason)
	}
}

func TestCompare_of_members_that_come_and_go(t *testing.T) {
	t.Parallel()
	with := func(rest string) string {
		return `{"type": "object", "properties": {"x": {"type": "string"}, "y": {"type": "string"}}` + rest + `}`
	}
	closed := `"additionalProperties": false`
	for name, test := range map[string]struct {
		before, after, path string
		want                schema.Verdict
	}{
		"an optional one is added":              {object(text), with(``), "$.y", schema.Compatible},
		"an optional one is removed":            {with(``), object(text), "$.y", schema.ForReaders},
		"a required one is added":               {object(text), with(`, "required": ["y"]`), "$.y", schema.ForReaders},
		"a required one is removed":             {with(`, "required": ["y"]`), object(text), "$.y", schema.Breaking},
		"one is added where all is closed":      {object(text, closed), with(`, ` + closed), "$.y", schema.ForWriters},
		"one is removed where all is closed":    {with(`, ` + closed), object(text, closed), "$.y", schema.ForReaders},
		"one is renamed":                        {object(text, `"required": ["x"]`), `{"type": "object", "properties": {"y": {"type": "string"}}, "required": ["y"]}`, "$.x", schema.Breaking},
		"one moves into an object":              {object(text, `"required": ["x"]`), `{"type": "object", "properties": {"o": ` + object(text) + `}, "required": ["o"]}`, "$.o", schema.Breaking},
		"a member of a map gets a name":         {`{"type": "object", "additionalProperties": {"type": "string"}}`, object(text, `"additionalProperties": {"type": "string"}`), "$.x", schema.Compatible},
		"a member of a map gets a tighter name": {`{"type": "object", "additionalProperties": {"type": "string"}}`, object(`{"type": "string", "maxLength": 3}`, `"additionalProperties": {"type": "string"}`), "$.x", schema.ForReaders},
		"a member with a name goes into a map":  {object(number, `"additionalProperties": {"type": "string"}`), `{"type": "object", "additionalProperties": {"type": "string"}}`, "$.x", schema.Breaking},
		"an object inside an item is added":     {object(`{"type": "array", "items": {"type": "object"}}`), object(`{"type": "array", "items": ` + object(text) + `}`), "$.x[*].x", schema.Compatible},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wants(t, schema.Compare(parse(t, test.before), parse(t, test.after)), test.want, test.path, "")
		})
	}
}

// Neither of two values fits the other: nobody goes on as he is.
func TestCompare_of_what_is_merely_different_is_breaking(t *testing.T) {
	t.Parallel()
	for _, test := range [][2]string{
		{text, number},
		{`{"enum": ["a"]}`, `{"enum": ["b"]}`},
		{`{"type": "string", "format": "uuid"}`, `{"type": "string", "format": "date"}`},
		{`{"type": "string", "pattern": "^a+b$"}`, `{"type": "string", "pattern": "^a{1,}b$"}`},
		{`{"type": "string", "pattern": "^[a-c]{1,2}$"}`, `{"type": "string", "pattern": "^[b-d]{1,2}$"}`},
		{`{"type": "integer", "minimum": 0, "maximum": 5}`, `{"type": "integer", "minimum": 3, "maximum": 9}`},
	} {
		if cs := schema.Compare(parse(t, object(test[0])), parse(t, object(test[1]))); cs.Verdict() != schema.Breaking {
			t.Errorf("%s to %s: %q, want breaking: %v", test[0], test[1], cs.Verdict(), cs)
		}
	}
}

func TestCompare_passes_what_says_the_same(t *testing.T) {
	t.Parallel()
	for _, test := range [][2]string{
		{`{"type": "string", "title": "a", "description": "b"}`, `{"type": "string", "title": "c", "examples": ["d"], "$comment": "e"}`},
		{`{"type": "string", "enum": ["a", "b"]}`, `{"type": "string", "enum": ["b", "a"]}`},
		{`{"type": "string"}`, `{"type": ["string"]}`},
		{`{"type": "integer", "minimum": 1}`, `{"type": "integer", "minimum": 1.0}`},
		{`{"type": "integer", "minimum": 0, "exclusiveMinimum": 0}`, `{"type": "integer", "exclusiveMinimum": 0}`},
		{`{"type": "array", "minItems": 0}`, `{"type": "array"}`},
		{`{"type": "string", "pattern": "^[a-c]{2}$"}`, `{"type": "string", "pattern": "^[abc]{2,2}$"}`},
	} {
		if cs := schema.Compare(parse(t, object(test[0])), parse(t, object(test[1]))); cs.Verdict() != schema.Unchanged {
			t.Errorf("%s to %s: %v, want nothing", test[0], test[1], cs)
		}
	}
}

// A list of values is measured by the looser words that take its place.
func TestCompare_of_an_enum_with_a_pattern(t *testing.T) {
	t.Parallel()
	known := object(`{"type": "string", "enum": ["late", "lost"]}`)
	wants(t, schema.Compare(parse(t, known), parse(t, object(`{"type": "string", "pattern": "^[a-z]{1,9}$"}`))), schema.ForWriters, "$.x", "only")
	wants(t, schema.Compare(parse(t, known), parse(t, object(`{"type": "string", "maxLength": 3}`))), schema.Breaking, "$.x", "only")
}

func TestCompare_of_listed_values_with_other_words(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		listed, other string
		want          schema.Verdict
	}{
		{`{"enum": [1, 2]}`, `{"type": "integer"}`, schema.ForWriters},
		{`{"enum": [1, 2]}`, `{"type": "number", "minimum": 1, "maximum": 2}`, schema.ForWriters},
		{`{"enum": [1, 2]}`, `{"type": "integer", "minimum": 2}`, schema.Breaking},
		{`{"enum": [1, 2]}`, `{"type": "integer", "exclusiveMaximum": 2}`, schema.Breaking},
		{`{"enum": [1, 2]}`, `{"type": "integer", "multipleOf": 2}`, schema.Breaking},
		{`{"enum": [1.5]}`, `{"type": "integer"}`, schema.Breaking},
		{`{"enum": ["a"]}`, `{"type": "string"}`, schema.ForWriters},
		{`{"enum": ["a"]}`, `{"type": "string", "enum": ["a"]}`, schema.Unchanged},
		{`{"enum": ["a"]}`, `{"type": "string", "format": "uuid"}`, schema.Breaking},
		{`{"enum": [null, true]}`, `{"type": ["null", "boolean"]}`, schema.ForWriters},
		{`{"const": {"a": 1}}`, `{"type": "object"}`, schema.ForWriters},
		{`{"const": {"a": 1}}`, `{"type": "object", "required": ["a"]}`, schema.Breaking},
		{`{"const": [1]}`, `{"type": "array"}`, schema.ForWriters},
	} {
		cs := schema.Compare(parse(t, object(test.listed)), parse(t, object(test.other)))
		if cs.Verdict() != test.want {
			t.Errorf("%s to %s: %q, want %q: %v", test.listed, test.other, cs.Verdict(), test.want, cs)
		}
	}
}

func TestCompare_names_odd_members(t *testing.T) {
	t.Parallel()
	before := `{"type": "object", "properties": {"a.b": {"type": "string"}}}`
	cs := schema.Compare(parse(t, before), parse(t, `{"type": "object"}`))
	wants(t, cs, schema.ForReaders, `$["a.b"]`, "no longer hear it")
}
