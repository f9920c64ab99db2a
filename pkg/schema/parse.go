package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"slices"
	"strings"
)

const (
	// MaxSize is the most bytes that a schema may have.
	MaxSize = 1 << 20
	// MaxDepth is how deep schemas may lie in each other.
	MaxDepth = 32
	// maxNodes bounds a schema with its references written out: a few lines can
	// refer to each other so that they stand for billions.
	maxNodes = 10_000
)

// Schema is a JSON Schema that can be compared. It is made by [Parse], never
// changes and may be used by many goroutines at once.
type Schema struct{ root *node }

// node is one schema with its references resolved. A nil number, an empty text
// and a nil list mean "not given".
type node struct {
	types   []string // sorted; none: any
	enum    []string // each value as compact JSON
	format  string
	pattern string

	minimum, maximum             *bound
	multipleOf                   *big.Rat
	minLength, maxLength         *big.Rat
	minItems, maxItems           *big.Rat
	minProperties, maxProperties *big.Rat
	uniqueItems                  bool
	properties                   map[string]*node
	required                     map[string]bool
	items, additional            *node // nil: anything
	closed                       bool  // additionalProperties: false
	size                         int   // of this node and all below
}

// bound is the end of a range of numbers.
type bound struct {
	at        *big.Rat
	exclusive bool
}

// Parse reads a schema. The error says where in the document what is wrong, as
// "$.items[*].quantity: ...", and is for a person.
func Parse(document []byte) (*Schema, error) {
	if len(document) > MaxSize {
		return nil, fmt.Errorf("a schema has at most %d bytes, this one has %d", MaxSize, len(document))
	}
	if err := checkNesting(document); err != nil {
		return nil, err
	}
	var root any
	if err := decode(document, &root); err != nil {
		return nil, err
	}
	p := parser{document: root, done: map[string]*node{}, open: map[string]bool{}}
	n, err := p.node(root, "$", 0)
	if err != nil {
		return nil, err
	}
	return &Schema{root: n}, nil
}

// checkNesting refuses text that a recursive reader should not be given.
func checkNesting(document []byte) error {
	const most = 4 * MaxDepth // objects and arrays between two schemas
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber() // else a huge number is an error of another kind
	depth := 0
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("not JSON: %w", err)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth > most {
			return fmt.Errorf("it is nested deeper than %d", most)
		}
	}
}

func decode(document []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	if decoder.More() {
		return errors.New("not JSON: there is text after the schema")
	}
	return nil
}

// parser resolves references while it reads.
type parser struct {
	document any
	done     map[string]*node // by reference
	open     map[string]bool  // references under way
}

func (p *parser) node(raw any, path string, depth int) (*node, error) {
	if depth > MaxDepth {
		return nil, fmt.Errorf("%s: schemas lie deeper than %d in each other", path, MaxDepth)
	}
	object, ok := raw.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s: a schema must be an object, this is %s", path, kindOf(raw))
	}
	if reference, given := object["$ref"]; given {
		return p.reference(object, reference, path, depth)
	}
	n := &node{size: 1}
	for _, keyword := range slices.Sorted(maps.Keys(object)) {
		if isAnnotation(keyword) {
			continue
		}
		if err := p.keyword(n, keyword, object[keyword], path, depth); err != nil {
			return nil, err
		}
	}
	if n.types == nil && n.enum != nil {
		n.types = listedTypes(n.enum)
	}
	for _, child := range n.children() {
		n.size += child.size
	}
	if n.size > maxNodes {
		return nil, fmt.Errorf("%s: it stands for more than %d schemas with its references written out", path, maxNodes)
	}
	return n, nil
}

// reference resolves a $ref into this very document.
func (p *parser) reference(object map[string]any, raw any, path string, depth int) (*node, error) {
	reference, ok := raw.(string)
	if !ok {
		return nil, fmt.Errorf("%s: $ref must be a string, this is %s", path, kindOf(raw))
	}
	for _, keyword := range slices.Sorted(maps.Keys(object)) {
		if keyword != "$ref" && !isAnnotation(keyword) {
			return nil, fmt.Errorf("%s: %q stands beside $ref: put both into one schema", path, keyword)
		}
	}
	if n := p.done[reference]; n != nil {
		return n, nil
	}
	if p.open[reference] {
		return nil, fmt.Errorf("%s: $ref %s leads back to itself: a schema without end cannot be compared", path, reference)
	}
	target, err := p.find(reference)
	if err != nil {
		return nil, fmt.Errorf("%s: $ref %s: %w", path, reference, err)
	}
	p.open[reference] = true
	defer delete(p.open, reference)
	n, err := p.node(target, path, depth+1)
	if err == nil {
		p.done[reference] = n
	}
	return n, err
}

// find follows a JSON pointer.
func (p *parser) find(reference string) (any, error) {
	pointer, local := strings.CutPrefix(reference, "#")
	if !local {
		return nil, errors.New("it leads out of the document: a schema must stand for itself, so copy what it refers to into $defs")
	}
	at := p.document
	if pointer == "" {
		return at, nil
	}
	if !strings.HasPrefix(pointer, "/") {
		return nil, errors.New("only references of the form #/$defs/name are followed")
	}
	for token := range strings.SplitSeq(pointer[1:], "/") {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		object, _ := at.(map[string]any)
		next, ok := object[token]
		if !ok {
			return nil, errors.New("there is no such place in the document")
		}
		at = next
	}
	return at, nil
}

func (n *node) children() []*node {
	var all []*node
	for _, child := range n.properties {
		all = append(all, child)
	}
	for _, child := range []*node{n.items, n.additional} {
		if child != nil {
			all = append(all, child)
		}
	}
	return all
}
