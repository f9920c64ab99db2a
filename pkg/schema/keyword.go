package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
)

// isAnnotation reports keywords that constrain nothing. What lies in $defs
// counts where it is referred to.
func isAnnotation(keyword string) bool {
	switch keyword {
	case "$schema", "$id", "$comment", "$defs", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly":
		return true
	}
	return false
}

// keyword takes one keyword's value over into a node.
func (p *parser) keyword(n *node, keyword string, raw any, path string, depth int) (err error) {
	at := path + ": " + keyword
	switch keyword {
	case "type":
		n.types, err = typesOf(raw)
	case "enum":
		n.enum, err = valuesOf(raw)
	case "const":
		n.enum, err = valuesOf([]any{raw})
	case "format":
		n.format, err = textOf(raw)
	case "pattern":
		n.pattern, err = patternOf(raw)
	case "minimum", "exclusiveMinimum":
		n.minimum, err = tighter(n.minimum, raw, keyword == "exclusiveMinimum", +1)
	case "maximum", "exclusiveMaximum":
		n.maximum, err = tighter(n.maximum, raw, keyword == "exclusiveMaximum", -1)
	case "multipleOf":
		if n.multipleOf, err = numberOf(raw); err == nil && n.multipleOf.Sign() <= 0 {
			err = fmt.Errorf("must be above 0")
		}
	case "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties":
		*n.count(keyword), err = countOf(raw)
	case "uniqueItems":
		n.uniqueItems, err = flagOf(raw)
	case "required":
		n.required, err = namesOf(raw)
	case "properties":
		return p.properties(n, raw, path, depth)
	case "items":
		n.items, err = p.node(raw, path+"[*]", depth+1)
		return err
	case "additionalProperties":
		return p.others(n, raw, path, depth)
	default:
		err = fmt.Errorf("this keyword cannot be compared: leave it out, or say it with others")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	return nil
}

// count is where a bound on a number of things is kept.
func (n *node) count(keyword string) **big.Rat {
	switch keyword {
	case "minLength":
		return &n.minLength
	case "maxLength":
		return &n.maxLength
	case "minItems":
		return &n.minItems
	case "maxItems":
		return &n.maxItems
	case "minProperties":
		return &n.minProperties
	}
	return &n.maxProperties
}

func (p *parser) properties(n *node, raw any, path string, depth int) error {
	object, ok := raw.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: properties must be an object, this is %s", path, kindOf(raw))
	}
	n.properties = make(map[string]*node, len(object))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		child, err := p.node(object[name], member(path, name), depth+1)
		if err != nil {
			return err
		}
		n.properties[name] = child
	}
	return nil
}

// others reads what is said about members without a name.
func (p *parser) others(n *node, raw any, path string, depth int) (err error) {
	if open, ok := raw.(bool); ok {
		n.closed = !open
		return nil
	}
	n.additional, err = p.node(raw, path+".*", depth+1)
	return err
}

func typesOf(raw any) ([]string, error) {
	list, ok := raw.([]any)
	if !ok {
		list = []any{raw}
	}
	var types []string
	for _, one := range list {
		switch one {
		case "object", "array", "string", "integer", "number", "boolean", "null":
			types = append(types, one.(string))
		default:
			return nil, fmt.Errorf("%v is no type of JSON Schema", one)
		}
	}
	if len(types) == 0 {
		return nil, fmt.Errorf("must name a type")
	}
	slices.Sort(types)
	return slices.Compact(types), nil
}

func valuesOf(raw any) ([]string, error) {
	list, ok := raw.([]any)
	if !ok || len(list) == 0 {
		return nil, fmt.Errorf("must be a list of values")
	}
	var values []string
	for _, one := range list {
		text, err := json.Marshal(one)
		if err != nil {
			return nil, err
		}
		values = append(values, string(text))
	}
	return values, nil
}

func textOf(raw any) (string, error) {
	text, ok := raw.(string)
	if !ok || text == "" {
		return "", fmt.Errorf("must be a string")
	}
	return text, nil
}

func patternOf(raw any) (string, error) {
	text, err := textOf(raw)
	if err != nil {
		return "", err
	}
	if _, err := regexp.Compile(text); err != nil {
		return "", fmt.Errorf("not a regular expression that can be read here: %w", err)
	}
	return text, nil
}

// maxDigits bounds a number's text: 1e999999999 is short and huge.
const maxDigits = 40

func numberOf(raw any) (*big.Rat, error) {
	number, ok := raw.(json.Number)
	if !ok {
		return nil, fmt.Errorf("must be a number, this is %s", kindOf(raw))
	}
	if f, err := number.Float64(); err != nil || len(number) > maxDigits || f != 0 && (f > 1e40 || f < -1e40) {
		return nil, fmt.Errorf("%.*s is no number that can be compared", maxDigits, number)
	}
	r, ok := new(big.Rat).SetString(number.String())
	if !ok {
		return nil, fmt.Errorf("%s is no number that can be compared", number)
	}
	return r, nil
}

func countOf(raw any) (*big.Rat, error) {
	n, err := numberOf(raw)
	if err == nil && (!n.IsInt() || n.Sign() < 0) {
		err = fmt.Errorf("must be a whole number from 0 on")
	}
	return n, err
}

func flagOf(raw any) (bool, error) {
	flag, ok := raw.(bool)
	if !ok {
		return false, fmt.Errorf("must be true or false, this is %s", kindOf(raw))
	}
	return flag, nil
}

func namesOf(raw any) (map[string]bool, error) {
	list, ok := raw.([]any)
	if !ok {
		return nil, fmt.Errorf("must be a list of names, this is %s", kindOf(raw))
	}
	names := make(map[string]bool, len(list))
	for _, one := range list {
		name, ok := one.(string)
		if !ok {
			return nil, fmt.Errorf("must be a list of names, %v is none", one)
		}
		names[name] = true
	}
	return names, nil
}

// tighter returns the tighter of two bounds of the same side: +1 is the lower.
func tighter(have *bound, raw any, exclusive bool, side int) (*bound, error) {
	at, err := numberOf(raw)
	if err != nil {
		return nil, err
	}
	fresh := &bound{at, exclusive}
	if have == nil || fresh.excludes(have, side) {
		return fresh, nil
	}
	return have, nil
}

func kindOf(raw any) string {
	switch raw.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "a string"
	case json.Number:
		return "a number"
	case []any:
		return "an array"
	}
	return "an object"
}
