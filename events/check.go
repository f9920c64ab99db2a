package events

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// The functions of this file check one Go value against one constraint of a schema.

func checkRange(n, minimum, maximum int64) error {
	if n < minimum {
		return fault("%d is below the minimum %d", n, minimum)
	}
	if n > maximum {
		return fault("%d is above the maximum %d", n, maximum)
	}
	return nil
}

func checkCount(n, minimum, maximum int) error {
	if n < minimum {
		return fault("has %d items, fewer than the minimum %d", n, minimum)
	}
	if n > maximum {
		return fault("has %d items, more than the maximum %d", n, maximum)
	}
	return nil
}

// checkLength counts code points. It refuses what is not UTF-8, because JSON would carry something else.
func checkLength(s string, minimum, maximum int) error {
	if !utf8.ValidString(s) {
		return fault("is not valid UTF-8")
	}
	n := utf8.RuneCountInString(s)
	if n < minimum {
		return fault("has %d characters, fewer than the minimum %d", n, minimum)
	}
	if n > maximum {
		return fault("has %d characters, more than the maximum %d", n, maximum)
	}
	return nil
}

// checkPattern reports the verdict of the generated matcher of a pattern.
func checkPattern(s string, matches func(string) bool, pattern string) error {
	if !matches(s) {
		return fault("%s does not match %s", quote(s), pattern)
	}
	return nil
}

// checkUUID accepts the 36 characters of RFC 9562's text form, in either case, of any version.
func checkUUID(s string) error {
	if len(s) != 36 {
		return fault("%s is not a UUID", quote(s))
	}
	for i := range len(s) {
		if !uuidByte(i, s[i]) {
			return fault("%s is not a UUID", quote(s))
		}
	}
	return nil
}

func uuidByte(i int, c byte) bool {
	if i == 8 || i == 13 || i == 18 || i == 23 {
		return c == '-'
	}
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// checkMap checks the values of a map in the order of their keys, so that the same map gives the same error.
func checkMap(m map[string]string, maxProperties int, check func(value string) error) error {
	if len(m) > maxProperties {
		return fault("has %d members, more than the maximum %d", len(m), maxProperties)
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if !utf8.ValidString(key) {
			return at(member(key), fault("the name is not valid UTF-8"))
		}
		if err := check(m[key]); err != nil {
			return at(member(key), err)
		}
	}
	return nil
}

func checkEnum(s string, values ...string) error {
	if !slices.Contains(values, s) {
		return fault("%s is none of %s", quote(s), strings.Join(values, ", "))
	}
	return nil
}
