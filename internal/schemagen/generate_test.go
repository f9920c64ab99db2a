package main

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

const contractFolder = "../../events"

func TestGeneratedFilesAreFresh(t *testing.T) {
	t.Parallel()
	contracts, err := loadAll(os.DirFS(contractFolder))
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	want, err := generate(contracts)
	if err != nil {
		t.Fatalf("generate: %v", err)
	}
	for name, content := range want {
		got, err := os.ReadFile(filepath.Join(contractFolder, name))
		if err != nil {
			t.Fatalf("read generated file: %v", err)
		}
		if !bytes.Equal(got, content) {
			t.Errorf("%s is not what the schemas give: run go generate ./events", name)
		}
	}
	onDisk, err := filepath.Glob(filepath.Join(contractFolder, "*_gen.go"))
	if err != nil {
		t.Fatalf("list generated files: %v", err)
	}
	for _, path := range onDisk {
		if _, known := want[filepath.Base(path)]; !known {
			t.Errorf("%s comes from no schema any more: delete it", path)
		}
	}
}

func TestTablesOfThePageAreFresh(t *testing.T) {
	t.Parallel()
	contracts, err := loadAll(os.DirFS(contractFolder))
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	have, err := os.ReadFile("../../docs/events.md")
	if err != nil {
		t.Fatal(err)
	}
	want, err := page(string(have), contracts)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != want {
		t.Error("docs/events.md is not what the schemas say: run go generate ./events")
	}
	if _, err := page("no tables here", contracts); err == nil {
		t.Error("a page without a place for the tables was taken")
	}
}

// document is a schema file with the given properties beside the one that every event needs.
func document(name string, version int, title, properties string) string {
	return fmt.Sprintf(`{"$schema": "https://json-schema.org/draft/2020-12/schema",
		"$id": "urn:orderly:schema:%s:v%d", "title": %q, "description": "d", "type": "object",
		"properties": {"order_id": {"title": "t", "description": "d", "type": "string", "format": "uuid"}%s},
		"required": ["order_id"]}`, name, version, title, properties)
}

func loadText(name, text string) ([]contract, error) {
	return load(fstest.MapFS{name: {Data: []byte(text)}})
}

func TestWhatTheGeneratorCannotKeepToIsRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ property, want string }{
		{`"type": "integer", "minimum": 0, "maximum": 9, "multipleOf": 2`, `unknown field "multipleOf"`},
		{`"type": "number", "minimum": 0, "maximum": 9`, `type "number" is not supported`},
		{`"type": ["string", "null"]`, `cannot unmarshal array`},
		{`"type": "integer", "minimum": 0`, `an integer must have minimum and maximum`},
		{`"type": "integer", "minimum": 0.5, "maximum": 9`, `cannot unmarshal number 0.5`},
		{`"type": "integer", "minimum": 0, "maximum": 9, "pattern": "^[a]{1}$"`, `pattern means nothing for type integer`},
		{`"type": "string"`, `exactly one of format, pattern, enum and maxLength`},
		{`"type": "string", "pattern": "^[a]{1}$", "maxLength": 3`, `exactly one of`},
		{`"type": "string", "minLength": 3, "format": "uuid"`, `minLength goes with maxLength`},
		{`"type": "string", "format": "date-time"`, `format "date-time" is not supported`},
		{`"type": "string", "pattern": "^a+$"`, `pattern ^a+$ is not of the form`},
		{`"type": "string", "pattern": "[a]{1,2}"`, `is not of the form`},
		{`"type": "string", "pattern": "^[a]{0,2}$"`, `must not be allowed to be empty`},
		{`"type": "string", "maxLength": 3`, `must not be allowed to be empty`},
		{`"type": "string", "enum": ["", "a"]`, `must not be allowed to be empty`},
		{`"type": "string", "enum": [1]`, `cannot unmarshal number`},
		{`"type": "array", "minItems": 1, "items": {}`, `must have minItems of at least 1, and maxItems`},
		{`"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "string"}`, `must be objects`},
		{`"type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": true`, `unknown field "uniqueItems"`},
		{`"type": "object", "properties": {"y": {"title": "t", "description": "d", "type": "string"}}`, `x.y: a string must have exactly one of`},
		{`"type": "object"`, `either properties or additionalProperties`},
		{`"type": "object", "additionalProperties": false`, `cannot unmarshal bool`},
		{`"type": "object", "maxProperties": 2, "additionalProperties": {"type": "integer"}`, `must be strings`},
		{`"type": "object", "additionalProperties": {"type": "string"}`, `a map must have maxProperties`},
		{`"type": "string", "format": "uuid", "title": ""`, `title and description are required`},
	} {
		property := `, "x": {"title": "t", "description": "d", ` + test.property + `}`
		_, err := loadText("a.b.v1.json", document("a.b", 1, "Thing", property))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s:\n got %v\nwant ...%s...", test.property, err, test.want)
		}
	}
}

func TestAMisplacedSchemaIsRefused(t *testing.T) {
	t.Parallel()
	good := document("a.b", 1, "Thing", "")
	for _, test := range []struct{ name, text, want string }{
		{"a.b.json", good, "the file name must be"},
		{"a.b.v0.json", good, "the file name must be"},
		{"a.b.v2.json", good, "$id must be urn:orderly:schema:a.b:v2"},
		{"a.b.v1.json", strings.Replace(good, "2020-12", "2019-09", 1), "$schema must be"},
		{"a.b.v1.json", strings.Replace(good, `["order_id"]`, `["x"]`, 1), "required string order_id"},
		{"a.b.v1.json", strings.Replace(good, `["order_id"]`, `["order_id", "x"]`, 1), "x is required but not described"},
		{"a.b.v1.json", good + "{}", "text after the schema"},
		{"a.b.v1.json", "null", "this is null"},
		{"a.b.v1.txt", good, "there is no schema"},
		{"a.b.v1.json", "[]", "a schema must be an object, this is an array"},
		{"a.b.v1.json", "{", "not JSON"},
		{"a.b.v1.json", good[:len(good)-1] + `, "x": ""}`, "x: this keyword cannot be compared"},
		{"a.b.v1.json", `{"$ref": "../a.c.v1.json"}`, "leads out of the document"},
		{"a.b.v1.json", `{"$ref": "#"}`, "leads back to itself"},
		{"a.b.v1.json", strings.Repeat(" ", 10<<20) + good, "at most 1048576 bytes"},
		{"a.b.v1.json", strings.Repeat(`{"items": `, 1000) + `{}` + strings.Repeat(`}`, 1000), "nested deeper"},
		{"a.b.v1.json", document("a.b", 1, "Thing", nested(10)), "objects lie deeper than 8 in each other"},
	} {
		_, err := loadText(test.name, test.text)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want ...%s...", test.name, err, test.want)
		}
	}
}

// nested is a property that is an object of one that is an object, and so on.
func nested(depth int) string {
	inner := `"type": "string", "format": "uuid"`
	for i := range depth {
		inner = fmt.Sprintf(`"type": "object", "properties": {"x": {"title": "t%d", "description": "d", %s}}`, i, inner)
	}
	return `, "x": {"title": "t", "description": "d", ` + inner + `}`
}

func TestASecondVersionLeavesTheFirstAlone(t *testing.T) {
	t.Parallel()
	folder := fstest.MapFS{"a.b.v1.json": {Data: []byte(document("a.b", 1, "Thing done", ""))}}
	one := generateText(t, folder)
	folder["a.b.v2.json"] = &fstest.MapFile{Data: []byte(document("a.b", 2, "Thing done", ""))}
	two := generateText(t, folder)
	if !strings.HasPrefix(two["a_gen.go"], one["a_gen.go"]) {
		t.Error("adding version 2 changed the code of version 1")
	}
	if !strings.Contains(two["a_gen.go"], "type ThingDoneV2 struct") {
		t.Error("version 2 has no type of its own")
	}
	if n := strings.Count(two["catalog_gen.go"], `= "a.b"`); n != 1 {
		t.Errorf("the name is declared %d times, want once", n)
	}
	if !strings.Contains(two["catalog_gen.go"], "{Name: NameThingDone, Version: 2,") {
		t.Error("version 2 is not in the catalogue")
	}
}

func TestTwoTypesOfOneNameAreRefused(t *testing.T) {
	t.Parallel()
	contracts, err := load(fstest.MapFS{
		"a.b.v1.json": {Data: []byte(document("a.b", 1, "Thing", ""))},
		"a.c.v1.json": {Data: []byte(document("a.c", 1, "Thing", ""))},
	})
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	if _, err := generate(contracts); err == nil || !strings.Contains(err.Error(), "which a.b.v1.json has already") {
		t.Errorf("got %v, want the second type refused", err)
	}
}

func TestOnePropertyWithTwoPatternsGetsTwoMatchers(t *testing.T) {
	t.Parallel()
	code := `, "code": {"title": "t", "description": "d", "type": "string", "pattern": "^[%s]{1,2}$"}`
	files := generateText(t, fstest.MapFS{
		"a.b.v1.json": {Data: []byte(document("a.b", 1, "B", fmt.Sprintf(code, "a")))},
		"a.c.v1.json": {Data: []byte(document("a.c", 1, "C", fmt.Sprintf(code, "b")))},
		"a.d.v1.json": {Data: []byte(document("a.d", 1, "D", fmt.Sprintf(code, "a")))},
	})
	if n := strings.Count(files["patterns_gen.go"], "\nfunc "); n != 2 {
		t.Errorf("there are %d matchers, want 2:\n%s", n, files["patterns_gen.go"])
	}
	for _, call := range []string{`isCode, "^[a]{1,2}$"`, `isCode2, "^[b]{1,2}$"`} {
		if !strings.Contains(files["a_gen.go"], call) {
			t.Errorf("no check calls %s", call)
		}
	}
}

func generateText(t *testing.T, folder fstest.MapFS) map[string]string {
	t.Helper()
	contracts, err := load(folder)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	files, err := generate(contracts)
	if err != nil {
		t.Fatalf("generate: %v", err)
	}
	texts := map[string]string{}
	for name, content := range files {
		if _, err := parser.ParseFile(token.NewFileSet(), name, content, 0); err != nil {
			t.Errorf("%s is not Go: %v", name, err)
		}
		texts[name] = string(content)
	}
	return texts
}
