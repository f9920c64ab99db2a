package events_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"orderly/events"
)

// judge is a schema interpreter: the independent second opinion on every payload.
type judge struct{ schema *jsonschema.Schema }

func newJudge(tb testing.TB, version events.Version) judge {
	tb.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(version.Schema))
	if err != nil {
		tb.Fatalf("schema of %s: %v", version.Name, err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	id := fmt.Sprintf("urn:orderly:schema:%s:v%d", version.Name, version.Version)
	if err := compiler.AddResource(id, document); err != nil {
		tb.Fatalf("add schema of %s: %v", version.Name, err)
	}
	schema, err := compiler.Compile(id)
	if err != nil {
		tb.Fatalf("compile schema of %s: %v", version.Name, err)
	}
	return judge{schema}
}

func (j judge) check(payload []byte) error {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(payload))
	if err != nil {
		return err
	}
	return j.schema.Validate(document)
}

// golden returns the payloads that readers of this version must understand for ever.
func golden(tb testing.TB, version events.Version) map[string]json.RawMessage {
	tb.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", fmt.Sprintf("%s.v%d.json", version.Name, version.Version)))
	if err != nil {
		tb.Fatalf("golden payloads: %v", err)
	}
	var payloads map[string]json.RawMessage
	if err := json.Unmarshal(content, &payloads); err != nil {
		tb.Fatalf("golden payloads of %s: %v", version.Name, err)
	}
	if len(payloads) == 0 {
		tb.Fatalf("%s has no golden payload", version.Name)
	}
	return payloads
}

func lookUp(tb testing.TB, name string, version int) events.Version {
	tb.Helper()
	for _, v := range events.Catalog() {
		if v.Name == name && v.Version == version {
			return v
		}
	}
	tb.Fatalf("the catalogue lacks %s version %d", name, version)
	return events.Version{}
}

func parse(tb testing.TB, payload []byte) any {
	tb.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(payload))
	if err != nil {
		tb.Fatalf("parse %s: %v", payload, err)
	}
	return document
}

func TestGoldenPayloadsAreReadAndWrittenUnchanged(t *testing.T) {
	t.Parallel()
	for _, version := range events.Catalog() {
		judge := newJudge(t, version)
		for name, payload := range golden(t, version) {
			t.Run(version.Name+"/"+name, func(t *testing.T) {
				t.Parallel()
				if err := judge.check(payload); err != nil {
					t.Fatalf("the schema refuses it: %v", err)
				}
				event, err := version.Decode(payload)
				if err != nil {
					t.Fatalf("Decode: %v", err)
				}
				encoded, err := json.Marshal(event)
				if err != nil {
					t.Fatalf("Marshal: %v", err)
				}
				if got, want := parse(t, encoded), parse(t, payload); !reflect.DeepEqual(got, want) {
					t.Errorf("encoded again: %s, want %s", encoded, payload)
				}
			})
		}
	}
}

// Every field is met at least once, so that no property can go missing from the Go side unseen.
func TestGoldenPayloadsHaveEveryPropertyOfTheSchema(t *testing.T) {
	t.Parallel()
	for _, version := range events.Catalog() {
		want := map[string]bool{}
		properties(parse(t, version.Schema), "", want)
		got := map[string]bool{}
		for _, payload := range golden(t, version) {
			members(parse(t, payload), "", got)
		}
		for path := range want {
			if !got[path] {
				t.Errorf("%s: no golden payload has %s", version.Name, path)
			}
		}
	}
}

func TestGoFieldsAreTheProperties(t *testing.T) {
	t.Parallel()
	for _, version := range events.Catalog() {
		want := map[string]bool{}
		properties(parse(t, version.Schema), "", want)
		got := map[string]bool{}
		fields(reflect.TypeOf(anyEvent(t, version)), "", got)
		if !maps.Equal(got, want) {
			t.Errorf("%s: the Go type has %v, the schema %v", version.Name,
				slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
		}
	}
}

func TestEventsKnowTheirNameVersionAndOrder(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, version := range events.Catalog() {
		event := anyEvent(t, version)
		if event.EventName() != version.Name || event.EventVersion() != version.Version {
			t.Errorf("%T says it is %s version %d, the catalogue %s version %d",
				event, event.EventName(), event.EventVersion(), version.Name, version.Version)
		}
		if want := reflect.ValueOf(event).FieldByName("OrderID").String(); want == "" || event.Order() != want {
			t.Errorf("%s: Order() is %q, want %q", version.Name, event.Order(), want)
		}
		key := fmt.Sprint(version.Name, version.Version)
		if seen[key] {
			t.Errorf("%s version %d is listed twice", version.Name, version.Version)
		}
		seen[key] = true
	}
	files, err := filepath.Glob(filepath.Join("schemas", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != len(files) {
		t.Errorf("the catalogue has %d versions, there are %d schemas", len(seen), len(files))
	}
}

func TestCatalogIsTheCallersOwn(t *testing.T) {
	t.Parallel()
	catalog := events.Catalog()
	catalog[0].Name = "spoilt"
	catalog[0].Schema[0] = 'x'
	if fresh := events.Catalog()[0]; fresh.Name == "spoilt" || fresh.Schema[0] == 'x' {
		t.Error("what one caller did to the catalogue, another sees")
	}
}

func anyEvent(tb testing.TB, version events.Version) events.Event {
	tb.Helper()
	for _, payload := range golden(tb, version) {
		event, err := version.Decode(payload)
		if err != nil {
			tb.Fatalf("Decode golden payload of %s: %v", version.Name, err)
		}
		return event
	}
	return nil
}

// properties collects the paths that a schema describes: "items", "items.quantity".
func properties(schema any, path string, into map[string]bool) {
	node := schema.(map[string]any)
	if items, ok := node["items"]; ok {
		properties(items, path, into)
	}
	described, _ := node["properties"].(map[string]any)
	for name, property := range described {
		into[path+name] = true
		properties(property, path+name+".", into)
	}
}

// members collects the paths that a payload has; the labels in metadata are not described one by one.
func members(document any, path string, into map[string]bool) {
	switch node := document.(type) {
	case []any:
		for _, element := range node {
			members(element, path, into)
		}
	case map[string]any:
		for name, value := range node {
			into[path+name] = true
			members(value, path+name+".", into)
		}
	}
}

// fields collects the paths that a Go type encodes to.
func fields(goType reflect.Type, path string, into map[string]bool) {
	for goType.Kind() == reflect.Slice || goType.Kind() == reflect.Pointer {
		goType = goType.Elem()
	}
	if goType.Kind() != reflect.Struct {
		return
	}
	for field := range goType.Fields() {
		name, _, _ := bytes.Cut([]byte(field.Tag.Get("json")), []byte(","))
		into[path+string(name)] = true
		fields(field.Type, path+string(name)+".", into)
	}
}
