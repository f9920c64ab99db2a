package main

import (
	"regexp"
	"testing"
)

// A pattern that is accepted means what the regular expression means, byte for byte; the tests of the contract then
// hold the generated loops against an interpreter.
func FuzzParsePattern(f *testing.F) {
	for _, text := range []string{
		`^[A-Z]{3}$`, `^[A-Za-z0-9 _-]{1,64}$`, `^[-a]{2}$`, `^[a-]{2}$`, `^[a-c-e]{1,2}$`, `^[--0]{1}$`, `^[a]{0}$`,
		`^[z-a]{1}$`, `^[^a]{1}$`, `^[a&&b]{1}$`, `^[\d]{1}$`, `^[[:alpha:]]{1}$`, `^[é]{1}$`, `^[a]{2,1}$`, `^[a-]{9999}$`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := parsePattern(text)
		if err != nil || parsed.maximum > 1000 { // regexp has a limit of its own
			return
		}
		class := regexp.MustCompile(`\{[0-9,]+\}\$$`).ReplaceAllString(text, "$")
		want, err := regexp.Compile(class)
		if err != nil {
			t.Fatalf("parsePattern accepts %q, regexp does not: %v", text, err)
		}
		for c := range 0x80 {
			if got := parsed.contains(byte(c)); got != want.MatchString(string(rune(c))) {
				t.Errorf("%q: byte %q belongs to it: %v, regexp says otherwise", text, byte(c), got)
			}
		}
	})
}

func (p pattern) contains(c byte) bool {
	for _, r := range p.ranges {
		if r.first <= c && c <= r.last {
			return true
		}
	}
	return false
}
