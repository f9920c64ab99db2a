package schema

import (
	"regexp"
	"regexp/syntax"
)

// repeat is a pattern of the form ^[class]{m,n}$. A maximum of -1 has no end.
type repeat struct {
	ranges           []rune // pairs: first, last
	minimum, maximum int
}

// repeatOf returns ok false for a pattern of another form.
func repeatOf(pattern string) (r repeat, ok bool) {
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil || tree.Op != syntax.OpConcat || len(tree.Sub) != 3 ||
		tree.Sub[0].Op != syntax.OpBeginText || tree.Sub[2].Op != syntax.OpEndText {
		return r, false
	}
	inner := tree.Sub[1]
	r.minimum, r.maximum = 1, 1
	switch inner.Op {
	case syntax.OpRepeat:
		r.minimum, r.maximum = inner.Min, inner.Max
	case syntax.OpStar:
		r.minimum, r.maximum = 0, -1
	case syntax.OpPlus:
		r.minimum, r.maximum = 1, -1
	case syntax.OpQuest:
		r.minimum, r.maximum = 0, 1
	}
	if len(inner.Sub) == 1 {
		inner = inner.Sub[0]
	}
	switch {
	case inner.Op == syntax.OpCharClass:
		r.ranges = inner.Rune
	case inner.Op == syntax.OpLiteral && len(inner.Rune) == 1 && inner.Flags&syntax.FoldCase == 0:
		r.ranges = []rune{inner.Rune[0], inner.Rune[0]}
	default:
		return r, false
	}
	return r, true
}

// covers reports whether every text that other matches is matched by r.
func (r repeat) covers(other repeat) bool {
	if other.minimum < r.minimum || r.maximum >= 0 && (other.maximum < 0 || other.maximum > r.maximum) {
		return false
	}
	for i := 0; i < len(other.ranges); i += 2 {
		if !r.has(other.ranges[i], other.ranges[i+1]) {
			return false
		}
	}
	return true
}

// has reports whether a range lies in one of r's, which are apart.
func (r repeat) has(first, last rune) bool {
	for i := 0; i < len(r.ranges); i += 2 {
		if r.ranges[i] <= first && last <= r.ranges[i+1] {
			return true
		}
	}
	return false
}

// patternCovers reports whether every text that the pattern from matches is
// matched by to. Of patterns that are not simple it knows only equal ones.
func patternCovers(to, from string) bool {
	if to == "" || to == from {
		return true
	}
	if from == "" {
		return false
	}
	wide, ok := repeatOf(to)
	narrow, simple := repeatOf(from)
	return ok && simple && wide.covers(narrow)
}

// matches is for patterns that Parse accepted.
func matches(pattern, text string) bool {
	ok, err := regexp.MatchString(pattern, text)
	return err == nil && ok
}
