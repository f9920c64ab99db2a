package contract

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Publish returns the folder's record with all that it did not list, and the
// names of what is new in it: versions, and golden payloads as
// "orders.created.v1 full". It refuses, naming all reasons, while anything
// stands in the way of the result, such as a published file that was edited.
func Publish(f Folder) (Record, []string, error) {
	record := f.Record.with(recordOf(f.Entries))
	var added []string
	for _, v := range slices.SortedFunc(maps.Keys(record), Version.Compare) {
		listed, was := f.Record[v]
		if !was {
			added = append(added, v.String())
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(record[v].Payloads)) {
			if _, was := listed.Payloads[name]; !was {
				added = append(added, v.String()+" "+name)
			}
		}
	}
	// Judged as the change that it is: from what was listed to what would be.
	candidate := Folder{Entries: f.Entries, Record: record}
	was := Folder{Entries: map[Version]Entry{}, Record: f.Record.with(nil)}
	var reasons []error
	for _, finding := range Check(candidate, &was) {
		for _, fault := range finding.Faults {
			reasons = append(reasons, fmt.Errorf("- %s", fault))
		}
	}
	if err := errors.Join(reasons...); err != nil {
		return nil, nil, fmt.Errorf("nothing was recorded:\n%w", err)
	}
	return record, added, nil
}
