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
	inUse := f.Record.inUse(v.Name)
	switch {
	case line.Retired:
		return f.Record, nil
	case v.Number == newest(inUse):
		return nil, fmt.Errorf("%s is the newest version in use: publish the next one first", v)
	case v.Number != inUse[0]:
		return nil, fmt.Errorf("%s is older and in use: retire it first", Version{v.Name, inUse[0]})
	}
	record := f.Record.with(nil)
	line.Retired = true
	record[v] = line
	return record, nil
}
