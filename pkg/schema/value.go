package schema

import (
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"
)

// values compares what is listed, value by value. What lies inside of objects and
// arrays is compared as if nothing were listed.
func (w walk) values(from, to *node, path string, shared func(string) bool) {
	for _, value := range from.enum {
		if from.refuses(value) != "" {
			continue // nobody can write it
		}
		if to.enum != nil && !slices.Contains(to.enum, value) {
			w.broken(path, "%s may say %s, %s do not know it", w.writer, value, w.reader)
		} else if why := to.refuses(value); why != "" {
			w.broken(path, "%s may say %s, %s want %s", w.writer, value, w.reader, why)
		}
	}
	listed := listedTypes(from.enum)
	if slices.Contains(listed, "string") {
		w.format(from, to, path)
	}
	if slices.Contains(listed, "array") && shared("array") {
		w.array(from, to, path)
	}
	if slices.Contains(listed, "object") && shared("object") {
		w.object(from, to, path)
	}
}

// refuses says what is wanted of a listed value that it is not; "" if nothing.
// Its type and format are compared elsewhere.
func (n *node) refuses(value string) string {
	switch raw := valueOf(value).(type) {
	case string:
		return n.refusesText(raw)
	case json.Number:
		return n.refusesNumber(raw)
	}
	return ""
}

func (n *node) refusesText(text string) string {
	length := big.NewRat(int64(utf8.RuneCountInString(text)), 1)
	switch {
	case n.pattern != "" && !matches(n.pattern, text):
		return "it to match " + n.pattern
	case n.minLength != nil && length.Cmp(n.minLength) < 0, n.maxLength != nil && length.Cmp(n.maxLength) > 0:
		return "it of another length"
	}
	return ""
}

func (n *node) refusesNumber(number json.Number) string {
	at, err := numberOf(number)
	if err != nil {
		return "a number that can be compared"
	}
	here := &bound{at: at}
	switch {
	case n.minimum != nil && n.minimum.excludes(here, +1):
		return "at least " + n.minimum.String()
	case n.maximum != nil && n.maximum.excludes(here, -1):
		return "at most " + n.maximum.String()
	case n.multipleOf != nil && !new(big.Rat).Quo(at, n.multipleOf).IsInt():
		return "a multiple of " + n.multipleOf.RatString()
	}
	return ""
}

// listedTypes are the types of listed values.
func listedTypes(values []string) []string {
	var types []string
	for _, value := range values {
		switch raw := valueOf(value).(type) {
		case nil:
			types = append(types, "null")
		case bool:
			types = append(types, "boolean")
		case string:
			types = append(types, "string")
		case []any:
			types = append(types, "array")
		case json.Number:
			if at, err := numberOf(raw); err == nil && at.IsInt() {
				types = append(types, "integer")
			} else {
				types = append(types, "number")
			}
		default:
			types = append(types, "object")
		}
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// valueOf reads what valuesOf wrote.
func valueOf(text string) any {
	var value any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	_ = decoder.Decode(&value) // it was encoded by this package
	return value
}
