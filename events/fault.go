package events

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// pathError is what is wrong with a payload and where: "items[3].quantity: 0 is below the minimum 1".
type pathError struct {
	path   string // "" is the whole payload
	reason string
}

func (e *pathError) Error() string {
	if e.path == "" {
		return e.reason
	}
	return e.path + ": " + e.reason
}

// fault is an error about the value at hand; at says where that is, from the inside out.
func fault(format string, args ...any) error {
	return &pathError{reason: fmt.Sprintf(format, args...)}
}

func at(path string, err error) error {
	var inner *pathError
	if !errors.As(err, &inner) {
		return fmt.Errorf("%s: %w", path, err)
	}
	if inner.path != "" && inner.path[0] != '[' {
		path += "."
	}
	return &pathError{path: path + inner.path, reason: inner.reason}
}

func index(i int) string { return "[" + strconv.Itoa(i) + "]" }

func member(key string) string { return "[" + quote(key) + "]" }

func notJSON(data []byte) error {
	var raw json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	return errors.New("not JSON")
}

// wantKind checks the JSON type of a value by the first byte of its text: '{', '[', '"', or '0' for a number.
func wantKind(text string, want byte) error {
	if text == "" {
		return fault("required")
	}
	if got := kindOf(text); got != want {
		return fault("must be %s, is %s", kindName(want), kindName(got))
	}
	return nil
}

func kindOf(text string) byte {
	if first := text[0]; first != '-' && (first < '0' || first > '9') {
		return first
	}
	return '0'
}

func kindName(kind byte) string {
	switch kind {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case 'n':
		return "null"
	default:
		return "a boolean"
	}
}

// shorten cuts what a stranger sent to what a log line bears.
func shorten(text string) string {
	const most = 40
	if len(text) <= most {
		return text
	}
	return text[:most] + "..."
}

func quote(s string) string { return strconv.Quote(shorten(s)) }
