package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// pattern is a regular expression of the form ^[class]{m,n}$ or ^[class]{n}$ over ASCII: all that the contract needs,
// and all that a loop over bytes can decide.
type pattern struct {
	text             string
	ranges           []byteRange
	minimum, maximum int
}

type byteRange struct{ first, last byte }

func parsePattern(text string) (pattern, error) {
	// The class holds no bracket, backslash or leading ^, so its only meta character is the hyphen.
	parts := regexp.MustCompile(`^\^\[([^\[\]\\^&]+)\]\{([0-9]+)(?:,([0-9]+))?\}\$$`).FindStringSubmatch(text)
	if parts == nil {
		return pattern{}, fmt.Errorf("pattern %s is not of the form ^[class]{m,n}$", text)
	}
	p := pattern{text: text}
	var err error
	if p.ranges, err = parseClass(parts[1]); err != nil {
		return pattern{}, fmt.Errorf("pattern %s: %w", text, err)
	}
	if p.minimum, err = strconv.Atoi(parts[2]); err != nil {
		return pattern{}, fmt.Errorf("pattern %s: %w", text, err)
	}
	p.maximum = p.minimum
	if parts[3] != "" {
		if p.maximum, err = strconv.Atoi(parts[3]); err != nil {
			return pattern{}, fmt.Errorf("pattern %s: %w", text, err)
		}
	}
	if p.maximum < max(p.minimum, 1) {
		return pattern{}, fmt.Errorf("pattern %s matches nothing", text)
	}
	return p, nil
}

func parseClass(class string) ([]byteRange, error) {
	var ranges []byteRange
	for i := 0; i < len(class); i++ {
		r := byteRange{class[i], class[i]}
		if i+2 < len(class) && class[i+1] == '-' {
			r.last = class[i+2]
			i += 2
		}
		if r.first < ' ' || r.last > '~' || r.first > r.last {
			return nil, fmt.Errorf("class %q is not made of ASCII characters and ranges", class)
		}
		ranges = append(ranges, r)
	}
	return ranges, nil
}

// matcher is the source of a function that decides the pattern.
func (p pattern) matcher(name string) string {
	length := fmt.Sprintf("len(s) < %d || len(s) > %d", p.minimum, p.maximum)
	if p.minimum == p.maximum {
		length = fmt.Sprintf("len(s) != %d", p.minimum)
	}
	var tests []string
	for _, r := range p.ranges {
		if r.first == r.last {
			tests = append(tests, fmt.Sprintf("c == %q", r.first))
			continue
		}
		tests = append(tests, fmt.Sprintf("%q <= c && c <= %q", r.first, r.last))
	}
	return fmt.Sprintf(`// %[1]s decides %[2]s.
func %[1]s(s string) bool {
	if %[3]s {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !(%[4]s) {
			return false
		}
	}
	return true
}
`, name, p.text, length, strings.Join(tests, " || "))
}
