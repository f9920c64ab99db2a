package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
)

// walk goes over two schemas at once and lists what writers of the one may write
// and readers of the other refuse.
type walk struct {
	writer, reader string // who they are, for reasons
	breaks         Side   // which of them goes by the old version
	out            *Changes
}

func (w walk) broken(path, format string, args ...any) {
	*w.out = append(*w.out, Change{Path: path, Breaks: w.breaks, Reason: fmt.Sprintf(format, args...)})
}

func (w walk) node(from, to *node, path string) {
	shared := w.types(from, to, path)
	if from.enum != nil {
		w.values(from, to, path, shared)
		return
	}
	if to.enum != nil {
		w.broken(path, "%s may say more than %s know: only %s", w.writer, w.reader, strings.Join(to.enum, ", "))
		return
	}
	if shared("string") {
		w.text(from, to, path)
	}
	if shared("integer") || shared("number") {
		w.number(from, to, path)
	}
	if shared("array") {
		w.array(from, to, path)
	}
	if shared("object") {
		w.object(from, to, path)
	}
}

// types compares the types, and returns which both know.
func (w walk) types(from, to *node, path string) (shared func(string) bool) {
	switch {
	case len(to.types) == 0:
	case len(from.types) == 0:
		w.broken(path, "%s may write any type, %s take only %s", w.writer, w.reader, strings.Join(to.types, " or "))
	default:
		for _, t := range from.types {
			if !to.takes(t) {
				w.broken(path, "%s may write type %s, %s take only %s", w.writer, t, w.reader, strings.Join(to.types, " or "))
			}
		}
	}
	return func(t string) bool { return from.takes(t) && to.takes(t) }
}

// takes reports whether values of a type are allowed. An integer is a number,
// and a number that may be an integer is one of those.
func (n *node) takes(t string) bool {
	return len(n.types) == 0 || slices.Contains(n.types, t) || t == "integer" && slices.Contains(n.types, "number")
}

func (w walk) format(from, to *node, path string) {
	if to.format != "" && to.format != from.format {
		w.broken(path, "%s may write %s, %s want the format %s", w.writer, orAny("the format ", from.format), w.reader, to.format)
	}
}

func (w walk) text(from, to *node, path string) {
	w.format(from, to, path)
	if !patternCovers(to.pattern, from.pattern) {
		w.broken(path, "%s may write %s, %s want %s", w.writer, orAny("what matches ", from.pattern), w.reader, to.pattern)
	}
	// The length of what matches ^[class]{m,n}$ is known.
	least, most := from.minLength, from.maxLength
	if r, ok := repeatOf(from.pattern); ok {
		least = larger(least, big.NewRat(int64(r.minimum), 1))
		if r.maximum >= 0 {
			most = smaller(most, big.NewRat(int64(r.maximum), 1))
		}
	}
	w.counts("characters", least, most, to.minLength, to.maxLength, path)
}

func (w walk) number(from, to *node, path string) {
	if to.minimum != nil && (from.minimum == nil || to.minimum.excludes(from.minimum, +1)) {
		w.broken(path, "%s may write numbers from %s on, %s want at least %s", w.writer, from.minimum, w.reader, to.minimum)
	}
	if to.maximum != nil && (from.maximum == nil || to.maximum.excludes(from.maximum, -1)) {
		w.broken(path, "%s may write numbers up to %s, %s want at most %s", w.writer, from.maximum, w.reader, to.maximum)
	}
	if to.multipleOf != nil && (from.multipleOf == nil || !new(big.Rat).Quo(from.multipleOf, to.multipleOf).IsInt()) {
		w.broken(path, "%s may write numbers that are no multiple of %s, which %s want", w.writer, to.multipleOf.RatString(), w.reader)
	}
}

func (w walk) array(from, to *node, path string) {
	w.counts("items", from.minItems, from.maxItems, to.minItems, to.maxItems, path)
	if to.uniqueItems && !from.uniqueItems {
		w.broken(path, "%s may write an item twice, %s refuse that", w.writer, w.reader)
	}
	if to.items != nil {
		w.node(orAnything(from.items), to.items, path+"[*]")
	}
}

func (w walk) object(from, to *node, path string) {
	w.counts("members", from.minProperties, from.maxProperties, to.minProperties, to.maxProperties, path)
	for _, name := range slices.Sorted(maps.Keys(to.required)) {
		if !from.required[name] {
			w.broken(member(path, name), "%s may leave it out, %s require it", w.writer, w.reader)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(from.properties)) {
		w.member(from.properties[name], to, name, member(path, name))
	}
	w.others(from, to, path)
}

// member compares a member that the writers name.
func (w walk) member(from *node, to *node, name, path string) {
	known, ok := to.properties[name]
	switch {
	case ok:
		w.node(from, known, path)
	case to.closed:
		w.broken(path, "%s may say it, %s refuse members that they do not know", w.writer, w.reader)
	case to.additional != nil:
		w.node(from, to.additional, path)
	case w.breaks == Writers:
		w.broken(path, "%s may say it, %s no longer hear it", w.writer, w.reader)
	}
}

// others compares members that the writers have no name for.
func (w walk) others(from, to *node, path string) {
	at := path + ".*"
	switch {
	case from.closed:
	case to.closed:
		w.broken(at, "%s may say more than is named, %s refuse that", w.writer, w.reader)
	case from.additional == nil && to.additional == nil:
	case to.additional == nil:
	default:
		w.node(orAnything(from.additional), to.additional, at)
	}
	if from.additional == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(to.properties)) {
		if _, named := from.properties[name]; !named {
			w.node(from.additional, to.properties[name], member(path, name))
		}
	}
}

// counts compares bounds on a number of things.
func (w walk) counts(of string, fromMin, fromMax, toMin, toMax *big.Rat, path string) {
	if toMin != nil && toMin.Sign() > 0 && (fromMin == nil || fromMin.Cmp(toMin) < 0) {
		w.broken(path, "%s may write %s %s, %s want at least %s", w.writer, orFew(fromMin), of, w.reader, toMin.RatString())
	}
	if toMax != nil && (fromMax == nil || fromMax.Cmp(toMax) > 0) {
		w.broken(path, "%s may write %s %s, %s want at most %s", w.writer, orMany(fromMax), of, w.reader, toMax.RatString())
	}
}

func orAnything(n *node) *node {
	if n == nil {
		return &node{}
	}
	return n
}

func orAny(words, text string) string {
	if text == "" {
		return "any text"
	}
	return words + text
}

func orFew(n *big.Rat) string {
	if n == nil {
		return "0"
	}
	return n.RatString()
}

func orMany(n *big.Rat) string {
	if n == nil {
		return "any number of"
	}
	return n.RatString()
}

func larger(a, b *big.Rat) *big.Rat {
	if a == nil || a.Cmp(b) < 0 {
		return b
	}
	return a
}

func smaller(a, b *big.Rat) *big.Rat {
	if a == nil || a.Cmp(b) > 0 {
		return b
	}
	return a
}

// excludes reports whether b refuses something that other takes: side is +1 for
// lower bounds, -1 for upper ones.
func (b *bound) excludes(other *bound, side int) bool {
	order := b.at.Cmp(other.at) * side
	return order > 0 || order == 0 && b.exclusive && !other.exclusive
}

// String is how a reason names a bound; nil is none.
func (b *bound) String() string {
	switch {
	case b == nil:
		return "without end"
	case b.exclusive:
		return b.at.RatString() + " (exclusive)"
	}
	return b.at.RatString()
}

func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		return text
	}
	return string(b)
}
