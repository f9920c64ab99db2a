package contract

import "fmt"

// Retire returns the folder's record with a version marked as retired: the next
// build neither says nor reads it. Only a version that was published and has a
// newer one in use may go; one that has gone already changes nothing.
func Retire(f Folder, v Version) (Record, error) {
	line, published := f.Record[v]
	if !published {
		return nil, fmt.Errorf("%s is not recorded as published: it can be deleted instead", v)
	}
	for _, n := range f.Record.numbers(v.Name) {
		if n > v.Number && !f.Record[Version{v.Name, n}].Retired {
			record := f.Record.with(nil)
			line.Retired = true
			record[v] = line
			return record, nil
		}
	}
	return nil, fmt.Errorf("%s is the newest version in use: publish the next one first", v)
}
