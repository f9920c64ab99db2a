package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	asyncschemas "github.com/asyncapi/spec-json-schemas/v6"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"orderly/events"
	"orderly/internal/app"
	"orderly/pkg/event"
)

func TestEventsDocumentIsFresh(t *testing.T) {
	t.Parallel()
	want, err := app.AsyncAPI("1").YAML()
	if err != nil {
		t.Fatal(err)
	}
	fresh(t, "asyncapi.yaml", want)
}

// asyncDocument is the document as a reader of AsyncAPI parses it.
func asyncDocument(t *testing.T) map[string]any {
	t.Helper()
	text, err := app.AsyncAPI("1").JSON()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return document.(map[string]any)
}

// The document is valid by the schema that AsyncAPI publishes.
func TestEventsDocumentIsValidByItsOwnSchema(t *testing.T) {
	t.Parallel()
	published, err := asyncschemas.Get("3.0.0")
	if err != nil || published == nil {
		t.Fatalf("there is no schema of AsyncAPI 3.0.0: %v", err)
	}
	text, err := jsonschema.UnmarshalJSON(bytes.NewReader(published))
	if err != nil {
		t.Fatal(err)
	}
	const id = "http://asyncapi.com/definitions/3.0.0/asyncapi.json"
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(id, text); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile(id)
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(asyncDocument(t)); err != nil {
		t.Error(err)
	}
	spoilt := asyncDocument(t)
	one(spoilt, "operations")["action"] = "publish"
	if schema.Validate(spoilt) == nil {
		t.Error("the schema takes anything")
	}
}

// The document keeps to the rules of AsyncAPI 3.0.0 for the objects that it uses:
// fields, which must be there, types, names, references, and what must fit what.
func TestEventsDocumentIsAsyncAPI(t *testing.T) {
	t.Parallel()
	c := asyncChecker{T: t, document: asyncDocument(t)}
	c.root()
	for _, spoil := range []func(map[string]any){
		func(d map[string]any) { delete(d, "info") },
		func(d map[string]any) { d["asyncapi"] = "2.6.0" },
		func(d map[string]any) { d["topics"] = map[string]any{} },
		func(d map[string]any) { one(d, "channels")["adress"] = "x" },
		func(d map[string]any) { one(d, "channels")["address"] = "x.{other}" },
		func(d map[string]any) { one(d, "operations")["action"] = "publish" },
		func(d map[string]any) { one(d, "operations")["channel"] = map[string]any{"$ref": "#/channels/gone"} },
		func(d map[string]any) {
			one(d, "operations")["messages"] = []any{map[string]any{"$ref": "#/components/messages/orders.created.v1"}}
		},
		func(d map[string]any) { one(d["components"].(map[string]any), "schemas")["type"] = "text" },
		func(d map[string]any) { one(d["components"].(map[string]any), "messages")["payload"] = "text" },
		func(d map[string]any) {
			d["components"].(map[string]any)["schemas"].(map[string]any)["a b"] = map[string]any{}
		},
	} {
		spoilt := asyncDocument(t)
		spoil(spoilt)
		found := false
		asyncChecker{T: t, document: spoilt, found: &found}.root()
		if !found {
			text, _ := json.Marshal(spoilt)
			t.Errorf("the test takes a document that is wrong: %.300s", text)
		}
	}
}

// one is the first object of a map.
func one(d map[string]any, of string) map[string]any {
	all := d[of].(map[string]any)
	return all[slices.Min(slices.Collect(maps.Keys(all)))].(map[string]any)
}

// Who says and hears what is what the services subscribe to.
func TestEventsDocumentHasTheServices(t *testing.T) {
	t.Parallel()
	operations := slices.Collect(maps.Keys(asyncDocument(t)["operations"].(map[string]any)))
	for _, v := range events.Catalog() {
		for _, does := range []string{".says.", ".hears."} {
			if v.Version == 1 && !slices.ContainsFunc(operations, func(name string) bool { return strings.HasSuffix(name, does+v.Name+".v1") }) {
				t.Errorf("no service %s %s", does, v.Name)
			}
		}
	}
	for _, want := range []string{"order.says.orders.created.v1", "inventory.hears.orders.created.v1", "payment.hears.inventory.reserved.v1", "payment.hears.orders.cancelled.v1", "order.hears.payments.failed.v1"} {
		if !slices.Contains(operations, want) {
			t.Errorf("there is no operation %s", want)
		}
	}
	if slices.Contains(operations, "payment.hears.orders.created.v1") {
		t.Error("payment hears orders.created, which it does not subscribe to")
	}
}

// What goes over the wire is what the document says: each golden payload, alone
// and in a pack.
func TestEventsDocumentDescribesTheWire(t *testing.T) {
	t.Parallel()
	registry, err := app.NewRegistry()
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft7)
	compiler.AssertFormat()
	if err := compiler.AddResource("asyncapi.json", asyncDocument(t)); err != nil {
		t.Fatal(err)
	}
	for _, v := range events.Catalog() {
		key := fmt.Sprintf("%s.v%d", v.Name, v.Version)
		said := golden(t, registry, v)
		alone, together := packed(t, registry, said[0]), packed(t, registry, append(said, said...)...)
		for place, value := range map[string]any{
			key + "/payload": parsed(t, alone.Data), key + "/headers": flat(alone.Header),
			key + ".pack/payload": parsed(t, together.Data), key + ".pack/headers": flat(together.Header),
		} {
			schema, err := compiler.Compile("asyncapi.json#/components/messages/" + place)
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(value); err != nil {
				t.Errorf("%s: %v", place, err)
			}
			if schema.Validate(map[string]any{"ce-type": "other"}) == nil {
				t.Errorf("%s takes anything", place)
			}
		}
	}
}

// golden are the golden payloads of a version as events.
func golden(t *testing.T, registry *event.Registry, v events.Version) []event.Event {
	t.Helper()
	content, err := os.ReadFile(fmt.Sprintf("../events/testdata/%s.v%d.json", v.Name, v.Version))
	if err != nil {
		t.Fatal(err)
	}
	var payloads map[string]json.RawMessage
	if err := json.Unmarshal(content, &payloads); err != nil {
		t.Fatal(err)
	}
	var all []event.Event
	for name, payload := range payloads {
		decoded, err := v.Decode(payload)
		if err == nil {
			decoded, err = events.Newest(decoded)
		}
		if err != nil {
			t.Fatal(err)
		}
		e := event.Event{ID: name, Source: "/test", Subject: decoded.Order(), Name: v.Name, Version: v.Version, Time: time.Unix(1, 0),
			CorrelationID: "story", CausationID: "cause", TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Payload: decoded}
		if err := registry.Seal(&e); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

func packed(t *testing.T, registry *event.Registry, said ...event.Event) event.Packed {
	t.Helper()
	packs, err := registry.Pack(said, 0)
	if err != nil || len(packs) != 1 {
		t.Fatalf("%d messages, %v", len(packs), err)
	}
	return packs[0]
}

func parsed(t *testing.T, text []byte) any {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

func flat(header map[string][]string) map[string]any {
	out := map[string]any{}
	for name, values := range header {
		out[name] = values[0]
	}
	return out
}

// asyncChecker holds a document against the specification. With found set it
// notes that something is wrong, else it fails the test.
type asyncChecker struct {
	*testing.T
	document map[string]any
	found    *bool
}

func (c asyncChecker) wrong(format string, args ...any) {
	c.Helper()
	if c.found != nil {
		*c.found = true
		return
	}
	c.Errorf(format, args...)
}

// object checks an object's fields against those that the specification knows:
// one that must be there ends in "!". It returns an empty one for what is none.
func (c asyncChecker) object(at string, raw any, fields ...string) map[string]any {
	c.Helper()
	o, ok := raw.(map[string]any)
	if !ok {
		c.wrong("%s is no object", at)
		return map[string]any{}
	}
	for _, field := range fields {
		name, must := strings.CutSuffix(field, "!")
		if _, here := o[name]; must && !here {
			c.wrong("%s has no %s", at, name)
		}
	}
	for name := range o {
		if !slices.Contains(fields, name) && !slices.Contains(fields, name+"!") && !strings.HasPrefix(name, "x-") {
			c.wrong("%s: the specification knows no field %s", at, name)
		}
	}
	return o
}

// texts checks that fields are strings, where they are there.
func (c asyncChecker) texts(at string, o map[string]any, names ...string) {
	c.Helper()
	for _, name := range names {
		if value, here := o[name]; here {
			if text, ok := value.(string); !ok || text == "" {
				c.wrong("%s: %s is no text", at, name)
			}
		}
	}
}

// each yields the members of a map of objects.
func (c asyncChecker) each(at string, raw any, do func(at, name string, raw any)) {
	c.Helper()
	all, ok := raw.(map[string]any)
	if !ok {
		c.wrong("%s is no map", at)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		do(at+"/"+name, name, all[name])
	}
}

func (c asyncChecker) root() {
	d := c.object("#", c.document, "asyncapi!", "id", "info!", "servers", "defaultContentType", "channels", "operations", "components")
	c.texts("#", d, "asyncapi", "id", "defaultContentType")
	if d["asyncapi"] != "3.0.0" {
		c.wrong("asyncapi is %v", d["asyncapi"])
	}
	info := c.object("#/info", d["info"], "title!", "version!", "description", "termsOfService", "contact", "license", "tags", "externalDocs")
	c.texts("#/info", info, "title", "version", "description")
	c.each("#/channels", d["channels"], c.channel)
	c.each("#/operations", d["operations"], c.operation)
	components := c.object("#/components", d["components"], "schemas", "servers", "channels", "operations", "messages",
		"securitySchemes", "serverVariables", "parameters", "correlationIds", "replies", "replyAddresses", "externalDocs", "tags",
		"operationTraits", "messageTraits", "serverBindings", "channelBindings", "operationBindings", "messageBindings")
	for kind := range components {
		c.each("#/components/"+kind, components[kind], func(at, name string, _ any) {
			if !regexp.MustCompile(`^[a-zA-Z0-9._-]+$`).MatchString(name) {
				c.wrong("%s: a key has letters, digits, dots, hyphens and underscores", at)
			}
		})
	}
	c.each("#/components/messages", components["messages"], c.message)
	c.each("#/components/schemas", components["schemas"], func(at, _ string, raw any) { c.schema(at, raw) })
}

func (c asyncChecker) channel(at, _ string, raw any) {
	o := c.object(at, raw, "address", "messages", "title", "summary", "description", "servers", "parameters", "tags", "externalDocs", "bindings")
	c.texts(at, o, "address", "title", "summary", "description")
	address, _ := o["address"].(string)
	var expressions []string
	for _, found := range regexp.MustCompile(`\{([^{}]*)\}`).FindAllStringSubmatch(address, -1) {
		expressions = append(expressions, found[1])
	}
	parameters, _ := o["parameters"].(map[string]any)
	if got := slices.Sorted(maps.Keys(parameters)); !slices.Equal(got, expressions) {
		c.wrong("%s: the address %s has the expressions %v, described are %v", at, address, expressions, got)
	}
	c.each(at+"/parameters", o["parameters"], func(at, _ string, raw any) {
		p := c.object(at, raw, "enum", "default", "description", "examples", "location")
		c.texts(at, p, "default", "description", "location")
		values, _ := p["enum"].([]any)
		if !slices.Contains(values, p["default"]) {
			c.wrong("%s: the default is none of the values", at)
		}
	})
	c.each(at+"/messages", o["messages"], func(at, _ string, raw any) { c.reference(at, raw, "#/components/messages/") })
}

func (c asyncChecker) operation(at, _ string, raw any) {
	o := c.object(at, raw, "action!", "channel!", "title", "summary", "description", "security", "tags", "externalDocs", "bindings", "traits", "messages", "reply")
	c.texts(at, o, "action", "title", "summary", "description")
	if o["action"] != "send" && o["action"] != "receive" {
		c.wrong("%s: the action is %v", at, o["action"])
	}
	channel := c.reference(at+"/channel", o["channel"], "#/channels/")
	tags, _ := o["tags"].([]any)
	for _, raw := range tags {
		c.texts(at+"/tags", c.object(at+"/tags", raw, "name!", "description", "externalDocs"), "name", "description")
	}
	messages, ok := o["messages"].([]any)
	if !ok {
		c.wrong("%s: messages is no list", at)
	}
	for _, raw := range messages {
		c.reference(at+"/messages", raw, channel+"/messages/") // a subset of the channel's own
	}
}

func (c asyncChecker) message(at, _ string, raw any) {
	o := c.object(at, raw, "headers", "payload", "correlationId", "contentType", "name", "title", "summary", "description", "tags", "externalDocs", "bindings", "examples", "traits", "deprecated")
	c.texts(at, o, "contentType", "name", "title", "summary", "description")
	c.schema(at+"/payload", o["payload"])
	c.schema(at+"/headers", o["headers"])
	if headers, _ := o["headers"].(map[string]any); headers["type"] != "object" {
		c.wrong("%s: headers must be a map", at)
	}
	if raw, given := o["correlationId"]; given {
		id := c.object(at+"/correlationId", raw, "description", "location!")
		location, _ := id["location"].(string)
		if !regexp.MustCompile(`^\$message\.(header|payload)#(/[^/~]+)*$`).MatchString(location) {
			c.wrong("%s: %q is no runtime expression", at, location)
		}
	}
}

// schema checks a Schema Object: JSON Schema of draft 7, with references that lead
// somewhere.
func (c asyncChecker) schema(at string, raw any) {
	compiler := jsonschema.NewCompiler()
	meta, err := compiler.Compile("http://json-schema.org/draft-07/schema#")
	if err != nil {
		c.Fatal(err)
	}
	if err := meta.Validate(raw); err != nil {
		c.wrong("%s: no schema: %v", at, err)
	}
	c.references(at, raw)
}

func (c asyncChecker) references(at string, raw any) {
	switch node := raw.(type) {
	case []any:
		for _, inner := range node {
			c.references(at, inner)
		}
	case map[string]any:
		if _, given := node["$ref"]; given {
			c.reference(at, node, "#/components/schemas/")
		}
		for name, inner := range node {
			c.references(at+"/"+name, inner)
		}
	}
}

// reference checks a Reference Object and returns what it says.
func (c asyncChecker) reference(at string, raw any, prefix string) string {
	ref, _ := c.object(at, raw, "$ref!")["$ref"].(string)
	name, ok := strings.CutPrefix(ref, prefix)
	if !ok || strings.Contains(name, "/") {
		c.wrong("%s: $ref %s should begin with %s", at, ref, prefix)
		return ref
	}
	var target any = c.document
	for token := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		object, _ := target.(map[string]any)
		target = object[token]
	}
	if target == nil {
		c.wrong("%s: $ref %s leads nowhere", at, ref)
	}
	return ref
}
