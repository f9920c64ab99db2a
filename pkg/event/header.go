package event

import (
	"fmt"
	"strings"
	"time"
)

const (
	headerPrefix      = "ce-"
	headerContentType = "content-type"
)

// binaryHeader writes an event's attributes as headers.
func binaryHeader(e *Event) map[string][]string {
	h := make(map[string][]string, 12)
	// One array for all values: a slice of one for each header is many small ones.
	values := make([]string, 0, 12)
	set := func(name, value string) {
		values = append(values, value)
		n := len(values)
		h[headerPrefix+name] = values[n-1 : n : n]
	}
	set("specversion", specVersion)
	for _, a := range attributes(e) {
		if a.value != "" {
			set(a.name, escapeHeader(a.value))
		}
	}
	if !e.Time.IsZero() {
		set("time", e.Time.Format(time.RFC3339Nano))
	}
	set("datacontenttype", jsonType)
	return h
}

// readHeader takes over what it can of the attributes of a message in binary
// mode, and returns the first thing wrong with them.
func readHeader(e *Event, h map[string][]string) error {
	var failed error
	for _, name := range attributeNames {
		raw := header(h, headerPrefix+name)
		if raw == "" {
			continue
		}
		value, err := unescapeHeader(raw)
		if err == nil {
			err = setAttribute(e, name, value)
		}
		if err != nil && failed == nil {
			failed = fmt.Errorf("header %s%s: %w", headerPrefix, name, err)
		}
	}
	return failed
}

// header returns the first value under a lower case name. Clients differ in how
// they spell names, so any other case serves if the exact one is missing.
func header(h map[string][]string, name string) string {
	if v := h[name]; len(v) > 0 {
		return v[0]
	}
	found, value := "", ""
	for k, v := range h {
		if len(v) > 0 && strings.EqualFold(k, name) && (found == "" || k < found) {
			found, value = k, v[0]
		}
	}
	return value
}

const hexDigits = "0123456789ABCDEF"

// escapeHeader percent-encodes what must not stand in a header: spaces, double
// quotes, percent signs, control characters and everything beyond ASCII.
func escapeHeader(s string) string {
	n := 0
	for i := range len(s) {
		if mustEscape(s[i]) {
			n++
		}
	}
	if n == 0 {
		return s
	}
	b := make([]byte, 0, len(s)+2*n)
	for i := range len(s) {
		if c := s[i]; mustEscape(c) {
			b = append(b, '%', hexDigits[c>>4], hexDigits[c&15])
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}

func mustEscape(c byte) bool {
	return c <= ' ' || c > '~' || c == '"' || c == '%'
}

func unescapeHeader(s string) (string, error) {
	if strings.IndexByte(s, '%') < 0 {
		return s, nil
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b = append(b, s[i])
			continue
		}
		if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
			return "", fmt.Errorf("%q: a percent sign must be followed by two hex digits", s)
		}
		b = append(b, unhex(s[i+1])<<4|unhex(s[i+2]))
		i += 2
	}
	return string(b), nil
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}
