package schema

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Change is one difference between two versions of a schema.
type Change struct {
	// Path is where, as "$.items[*].quantity".
	Path string `json:"path"`
	// Breaks says whom the change breaks; empty if nobody. What breaks both is
	// two changes.
	Breaks Side `json:"breaks,omitempty"`
	// Reason says what changed and why that breaks them.
	Reason string `json:"reason"`
}

// Side is a part of the fleet that still goes by the old version.
type Side string

const (
	// Readers of the old version may refuse what writers of the new one write.
	Readers Side = "readers"
	// Writers of the old version may not be understood by readers of the new one.
	Writers Side = "writers"
)

// Verdict sums up changes.
type Verdict string

const (
	// Unchanged: the two say the same, but for titles and descriptions.
	Unchanged Verdict = "unchanged"
	// Compatible: old and new readers and writers understand each other.
	Compatible Verdict = "compatible"
	// ForReaders: old readers go on as they are, but old writers must go first.
	ForReaders Verdict = "compatible for readers, breaks writers"
	// ForWriters: old writers go on as they are, but old readers must go first.
	ForWriters Verdict = "compatible for writers, breaks readers"
	// Breaking: neither goes on beside the new version.
	Breaking Verdict = "breaking"
)

// Changes are all differences between two versions, ordered by path.
type Changes []Change

// Verdict sums the changes up.
func (cs Changes) Verdict() Verdict {
	readers := slices.ContainsFunc(cs, func(c Change) bool { return c.Breaks == Readers })
	writers := slices.ContainsFunc(cs, func(c Change) bool { return c.Breaks == Writers })
	switch {
	case len(cs) == 0:
		return Unchanged
	case readers && writers:
		return Breaking
	case readers:
		return ForWriters
	case writers:
		return ForReaders
	}
	return Compatible
}

// Compare lists how after differs from before.
func Compare(before, after *Schema) Changes {
	var all Changes
	forward := walk{writer: "old writers", reader: "new readers", breaks: Writers, out: &all}
	forward.node(before.root, after.root, "$")
	backward := walk{writer: "new writers", reader: "old readers", breaks: Readers, out: &all}
	backward.node(after.root, before.root, "$")
	added(before.root, after.root, "$", &all)
	slices.SortStableFunc(all, func(a, b Change) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Reason, b.Reason))
	})
	return all
}

// added lists the members that are new and break nobody.
func added(before, after *node, path string, out *Changes) {
	for _, name := range slices.Sorted(maps.Keys(after.properties)) {
		old, known := before.properties[name]
		at := member(path, name)
		switch {
		case known:
			added(old, after.properties[name], at, out)
		case !slices.ContainsFunc(*out, func(c Change) bool {
			return c.Path == at || strings.HasPrefix(c.Path, at+".") || strings.HasPrefix(c.Path, at+"[")
		}):
			*out = append(*out, Change{Path: at, Reason: "added, and nobody must say it: readers that do not know it ignore it"})
		}
	}
	if before.items != nil && after.items != nil {
		added(before.items, after.items, path+"[*]", out)
	}
}

// member is the path of a member: $.name, or $["odd name"].
func member(path, name string) string {
	for i := range len(name) {
		c := name[i]
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return path + "[" + quoted(name) + "]"
		}
	}
	if name == "" {
		return path + `[""]`
	}
	return path + "." + name
}
