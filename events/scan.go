package events

import "iter"

// The functions of this file walk JSON text that encoding/json has found valid. They trust it: each takes exactly one
// value without white space around it, or an index into one, and checks nothing again.

// entries yields the members of an object: the key as it is spelt, in quotes, and the text of the value.
func entries(object string) iter.Seq2[string, string] {
	return func(yield func(key, value string) bool) {
		for i := skipSpace(object, 1); object[i] != '}'; {
			keyEnd := skipString(object, i)
			start := skipSpace(object, skipSpace(object, keyEnd)+1)
			end := skipValue(object, start)
			if !yield(object[i:keyEnd], object[start:end]) {
				return
			}
			i = skipComma(object, end)
		}
	}
}

// elements yields the texts of the elements of an array.
func elements(array string) iter.Seq[string] {
	return func(yield func(value string) bool) {
		for i := skipSpace(array, 1); array[i] != ']'; {
			end := skipValue(array, i)
			if !yield(array[i:end]) {
				return
			}
			i = skipComma(array, end)
		}
	}
}

// skipComma returns the index of the next member or element, or of the closing bracket.
func skipComma(s string, i int) int {
	i = skipSpace(s, i)
	if s[i] == ',' {
		i = skipSpace(s, i+1)
	}
	return i
}

func skipSpace(s string, i int) int {
	for s[i] == ' ' || s[i] == '\n' || s[i] == '\r' || s[i] == '\t' {
		i++
	}
	return i
}

// skipValue returns the index after the value that starts at i. It counts brackets instead of calling itself, so that
// deeply nested text costs no stack.
func skipValue(s string, i int) int {
	switch s[i] {
	case '"':
		return skipString(s, i)
	case '{', '[':
		return skipNested(s, i)
	}
	for i < len(s) && !endsScalar(s[i]) {
		i++
	}
	return i
}

// endsScalar tells whether a number, true, false or null ends before c.
func endsScalar(c byte) bool {
	return c == ',' || c == '}' || c == ']' || c <= ' '
}

func skipNested(s string, i int) int {
	for depth := 0; ; i++ {
		switch s[i] {
		case '"':
			i = skipString(s, i) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
}

func skipString(s string, i int) int {
	for i++; s[i] != '"'; i++ {
		if s[i] == '\\' {
			i++
		}
	}
	return i + 1
}
