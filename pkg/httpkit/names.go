package httpkit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// names looks at the member names of a JSON text for what encoding/json lets
// pass: a name given twice, whose values it merges, and a name that is right
// but for capitals.
type names struct {
	registry huma.Registry
	raw      []byte // valid JSON
	pos      int
	open     [][]byte // names in the objects around pos whose names are known
}

// checkNames returns the first bad name in raw, which must be valid JSON that
// was decoded into what schema describes; nil if there is none.
func checkNames(registry huma.Registry, schema *huma.Schema, raw []byte) *Fault {
	n := names{registry: registry, raw: raw}
	f := n.value(schema)
	if f != nil {
		f.Location = "body" + f.Location
	}
	return f
}

// next is the first byte of the next value, name or end. The text is valid, so
// that separators tell nothing.
func (n *names) next() byte {
	for {
		switch c := n.raw[n.pos]; c {
		case ' ', '\t', '\r', '\n', ',', ':':
			n.pos++
		default:
			return c
		}
	}
}

// value moves behind the next value. The location of a fault is what follows
// the place of the value.
func (n *names) value(schema *huma.Schema) *Fault {
	if schema == nil {
		schema = &huma.Schema{}
	} else if schema.Ref != "" {
		schema = n.registry.SchemaFromRef(schema.Ref)
	}
	switch n.next() {
	case '{':
		return n.object(schema)
	case '[':
		return n.array(schema)
	case '"':
		n.text()
	default:
		end := bytes.IndexAny(n.raw[n.pos:], ",]} \t\r\n")
		if end < 0 {
			end = len(n.raw) - n.pos
		}
		n.pos += end
	}
	return nil
}

func (n *names) array(schema *huma.Schema) *Fault {
	n.pos++
	for i := 0; n.next() != ']'; i++ {
		if f := n.value(schema.Items); f != nil {
			f.Location = fmt.Sprintf("[%d]%s", i, f.Location)
			return f
		}
	}
	n.pos++
	return nil
}

func (n *names) object(schema *huma.Schema) *Fault {
	n.pos++
	outer := len(n.open)
	var free map[string]bool // the names, where any will do
	other, _ := schema.AdditionalProperties.(*huma.Schema)
	for n.next() != '}' {
		name := n.text()
		value, known := schema.Properties[string(name)]
		again := false
		switch {
		case known:
			again = slices.ContainsFunc(n.open[outer:], func(b []byte) bool { return bytes.Equal(b, name) })
			n.open = append(n.open, name)
		case schema.Properties != nil:
			return &Fault{"." + string(name), misspelled(schema, string(name))}
		default:
			again, value = free[string(name)], other
			if free == nil {
				free = make(map[string]bool)
			}
			free[string(name)] = true
		}
		if again {
			return &Fault{"." + string(name), "is given more than once"}
		}
		if f := n.value(value); f != nil {
			f.Location = "." + string(name) + f.Location
			return f
		}
	}
	n.pos++
	n.open = n.open[:outer]
	return nil
}

// text returns the string at pos and moves behind it.
func (n *names) text() []byte {
	start := n.pos
	escaped := false
	for n.pos++; n.raw[n.pos] != '"'; n.pos++ {
		if n.raw[n.pos] == '\\' {
			escaped = true
			n.pos++
		}
	}
	n.pos++
	if !escaped {
		return n.raw[start+1 : n.pos-1]
	}
	var s string
	_ = json.Unmarshal(n.raw[start:n.pos], &s) // valid, as all of the text
	return []byte(s)
}

func misspelled(schema *huma.Schema, name string) string {
	for known := range schema.Properties {
		if strings.EqualFold(known, name) {
			return "is not a name here, write it " + known
		}
	}
	return "is not a name here"
}
