package event

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// cursor walks once over JSON and decodes only what is asked for. It finds the
// end of every value and checks all that lies between the values; what is inside
// a value is checked by whoever uses it.
type cursor struct {
	b   []byte
	i   int
	bad bool // not JSON; it stays true, and the walk ends
}

// enter steps into an array or object, or reports that none is there.
func (c *cursor) enter(open byte) bool {
	if c.peek() != open {
		return false
	}
	c.i++
	return true
}

// more steps to the next element of the array or object that end closes, or out
// of it. n counts the elements so far.
func (c *cursor) more(end byte, n int) bool {
	next := c.peek()
	switch {
	case c.bad:
		return false
	case next == end:
		c.i++
		return false
	case n == 0:
		return true
	case next != ',':
		return c.fail()
	}
	c.i++
	return true
}

// key reads a member's name and steps over the colon.
func (c *cursor) key() []byte {
	if c.peek() != '"' {
		c.fail()
		return nil
	}
	raw := c.value()
	if c.peek() != ':' {
		c.fail()
	}
	c.i++
	if c.bad {
		return nil
	}
	if plain(raw) {
		return raw[1 : len(raw)-1]
	}
	return []byte(c.text(raw))
}

// value steps over the next value and returns it as it stands.
func (c *cursor) value() []byte {
	first := c.peek()
	from := c.i
	switch first {
	case '"':
		c.skipString()
	case '{', '[':
		c.skipNested()
	default:
		for c.i < len(c.b) && !delimits(c.b[c.i]) {
			c.i++
		}
	}
	if c.i == from {
		c.fail()
	}
	if c.bad {
		return nil
	}
	return c.b[from:c.i:c.i]
}

// text decodes a string that value returned.
func (c *cursor) text(raw []byte) string {
	if plain(raw) {
		return string(raw[1 : len(raw)-1])
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		c.fail()
	}
	return s
}

// done reports whether all was JSON and nothing follows it.
func (c *cursor) done() bool {
	c.peek()
	return !c.bad && c.i == len(c.b)
}

// peek steps over white space and returns the byte there, or 0 at the end.
func (c *cursor) peek() byte {
	for c.i < len(c.b) && isSpace(c.b[c.i]) {
		c.i++
	}
	if c.i >= len(c.b) {
		return 0
	}
	return c.b[c.i]
}

func (c *cursor) fail() bool {
	c.bad = true
	return false
}

func (c *cursor) skipString() {
	for c.i++; c.i < len(c.b); c.i++ {
		switch c.b[c.i] {
		case '"':
			c.i++
			return
		case '\\':
			c.i++
		}
	}
	c.fail()
}

func (c *cursor) skipNested() {
	for depth := 0; c.i < len(c.b); {
		switch c.b[c.i] {
		case '"':
			c.skipString()
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		c.i++
		if depth == 0 {
			return
		}
	}
	c.fail()
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r'
}

// delimits reports whether a number or literal ends before c.
func delimits(c byte) bool {
	return c == ',' || c == ':' || c == ']' || c == '}' || isSpace(c)
}

// plain reports whether a JSON string stands for itself.
func plain(raw []byte) bool {
	for _, b := range raw {
		if b < ' ' || b == '\\' {
			return false
		}
	}
	return utf8.Valid(raw)
}

func isNull(raw []byte) bool {
	return bytes.Equal(raw, []byte("null"))
}
