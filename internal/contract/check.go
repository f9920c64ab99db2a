package contract

import (
	"fmt"
	"maps"
	"slices"

	"orderly/pkg/schema"
)

// Finding is what Check has to say about one version.
type Finding struct {
	Version string `json:"version"`
	// State is unchanged, added, edited or removed, seen from the record or, if
	// there is one, from the older folder.
	State string `json:"state"`
	// Against is the version that the schema was compared with; empty if none.
	Against string `json:"against,omitempty"`
	// Verdict and Changes say how the schema differs from that.
	Verdict schema.Verdict `json:"verdict,omitempty"`
	Changes schema.Changes `json:"changes"`
	// Faults are why the change must not go in, each with what to do; none if
	// it may.
	Faults []string `json:"faults"`
}

// States of a version.
const (
	Unchanged = "unchanged"
	Added     = "added"
	Edited    = "edited"
	Removed   = "removed"
)

// Check judges the folder now by its own record and, unless it is nil, by an
// older folder: one without a record counts as published as a whole. Findings
// come in the order of the versions, one for each that any of them knows.
func Check(now Folder, older *Folder) []Finding {
	c := checker{now: now, published: now.Record}
	if older != nil {
		base := *older
		if base.Record == nil {
			base.Record = recordOf(base.Entries)
		}
		c.older = &base
		c.published = base.Record.with(now.Record) // where they differ, the older one counts
	}
	known := recordOf(now.Entries).with(c.published)
	if c.older != nil {
		known = known.with(recordOf(c.older.Entries))
	}
	findings := []Finding{}
	for _, v := range slices.SortedFunc(maps.Keys(known), Version.Compare) {
		findings = append(findings, c.version(v))
	}
	return findings
}

// Failed reports whether any finding holds a fault.
func Failed(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return len(f.Faults) > 0 })
}

// checker holds what all versions are judged by.
type checker struct {
	now       Folder
	older     *Folder
	published Record // by whichever record
}

func (c *checker) version(v Version) Finding {
	f := Finding{Version: v.String(), State: Unchanged, Changes: schema.Changes{}, Faults: []string{}}
	entry, here := c.now.Entries[v]
	if !here {
		f.State = Removed
		if _, published := c.published[v]; published {
			f.fault("%s was published, and schemas/%s is gone: readers and stored events still need it, so restore the file", v, v.File())
		}
		return f
	}
	parsed, err := schema.Parse(entry.Schema)
	if err != nil {
		f.fault("schemas/%s: not a schema that can be compared: %s", v.File(), err)
	}
	if len(entry.Payloads) == 0 {
		f.fault("testdata/%s has no golden payload: add one that a reader must understand for ever", v.File())
	}
	c.changes(&f, v, parsed)
	c.kept(&f, v, entry)
	c.recorded(&f, v, entry)
	return f
}

// changes says how the schema came from what was there before it.
func (c *checker) changes(f *Finding, v Version, parsed *schema.Schema) {
	before, against, ok := c.before(f, v)
	if !ok || parsed == nil {
		return
	}
	old, err := schema.Parse(before)
	if err != nil {
		f.Changes = append(f.Changes, schema.Change{Path: "$", Reason: "what was there before is not a schema: " + err.Error()})
		return
	}
	f.Against = against
	f.Changes = append(f.Changes, schema.Compare(old, parsed)...)
	f.Verdict = f.Changes.Verdict()
}

// before finds the schema to compare with: the same version if it was edited,
// the one before if it was added.
func (c *checker) before(f *Finding, v Version) (before []byte, against string, ok bool) {
	if c.older != nil {
		if e, was := c.older.Entries[v]; was {
			if string(e.Schema) == string(c.now.Entries[v].Schema) {
				return nil, "", false
			}
			f.State = Edited
			return e.Schema, "what it was", true
		}
	} else if _, published := c.published[v]; published {
		return nil, "", false
	}
	f.State = Added
	for number := v.Number - 1; number > 0; number-- {
		lower := Version{v.Name, number}
		if e, is := c.now.Entries[lower]; is {
			return e.Schema, lower.String(), true
		}
	}
	return nil, "", false
}

// kept finds what was published and is not as it was.
func (c *checker) kept(f *Finding, v Version, entry Entry) {
	was, published := c.published[v]
	if !published {
		return
	}
	is := publishedOf(entry)
	if is.Schema != was.Schema {
		f.State = Edited
		f.fault("schemas/%s was edited after it was published: restore it, and put the change into %s", v.File(), c.next(v))
	}
	for _, name := range slices.Sorted(maps.Keys(was.Payloads)) {
		got, here := is.Payloads[name]
		switch {
		case !here:
			f.fault("testdata/%s: the golden payload %q was published and is gone: restore it", v.File(), name)
		case got != was.Payloads[name]:
			f.fault("testdata/%s: the golden payload %q was edited after it was published: restore it, and add the new one under another name", v.File(), name)
		}
	}
}

// next is the version that a change belongs into.
func (c *checker) next(v Version) Version {
	for ; ; v.Number++ {
		_, here := c.now.Entries[v]
		_, published := c.published[v]
		if !here && !published {
			return v
		}
	}
}

// recorded finds what should be in the folder's record and is not, and numbers
// that are out of turn.
func (c *checker) recorded(f *Finding, v Version, entry Entry) {
	listed, ok := c.now.Record[v]
	if _, was := c.published[v]; was && !ok {
		f.fault("%s: the line of %s is gone: it only ever grows, so restore it", RecordFile, v)
		return
	}
	if !ok {
		c.turn(f, v)
		f.fault("%s is not recorded as published: run orderly schema publish, and commit %s with it", v, RecordFile)
		return
	}
	if c.older != nil {
		if _, was := c.older.Record[v]; !was {
			c.turn(f, v)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(entry.Payloads)) {
		if _, ok := listed.Payloads[name]; !ok {
			f.fault("testdata/%s: the golden payload %q is not recorded as published: run orderly schema publish, and commit %s with it", v.File(), name, RecordFile)
		}
	}
	if inUse := c.now.Record.inUse(v.Name); len(inUse) == 0 && v.Number == newest(c.now.Record.numbers(v.Name)) {
		f.fault("%s: all versions of %s are retired: the newest stays in use", RecordFile, v.Name)
	} else if len(inUse) > maxInUse && v.Number == newest(inUse) {
		f.fault("%s would be version %d in use: retire %s first, since records are kept for two", v, len(inUse), Version{v.Name, inUse[0]})
	}
	if c.published[v].Retired && !listed.Retired {
		f.fault("%s: %s was retired and does not come back: who needs what it said needs a new version", RecordFile, v)
	}
	if c.older != nil && c.published[v].Schema != listed.Schema {
		f.fault("%s: the line of %s was changed: it only ever grows, so restore it", RecordFile, v)
	}
}

// maxInUse is how many versions of an event may be in use at a time: what a service
// records is read by the build before, and by itself in full, for as many.
const maxInUse = 2

func newest(numbers []int) int { return numbers[len(numbers)-1] }

// turn refuses a new version that is not the next one.
func (c *checker) turn(f *Finding, v Version) {
	before := c.now.Record
	if c.older != nil {
		before = c.older.Record
	}
	numbers := before.numbers(v.Name)
	if len(numbers) == 0 {
		numbers = []int{0}
	}
	newest := numbers[len(numbers)-1]
	if v.Number < newest {
		f.fault("%s goes backwards: v%d is published already, so a new version is v%d", v, newest, newest+1)
		return
	}
	for number := newest + 1; number < v.Number; number++ {
		if _, here := c.now.Entries[Version{v.Name, number}]; !here {
			f.fault("%s skips v%d: versions count up by one", v, number)
			return
		}
	}
}

func (f *Finding) fault(format string, args ...any) {
	f.Faults = append(f.Faults, fmt.Sprintf(format, args...))
}
