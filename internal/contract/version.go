package contract

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Version names one version of one event. It prints as "orders.created.v1".
type Version struct {
	Name   string
	Number int
}

// ParseVersion reads what String prints.
func ParseVersion(text string) (Version, error) {
	parts := regexp.MustCompile(`^([a-z]+\.[a-z]+)\.v([1-9][0-9]{0,5})$`).FindStringSubmatch(text)
	if parts == nil {
		return Version{}, fmt.Errorf("%q is no version of an event: write <domain>.<event>.v<n>, as orders.created.v1", text)
	}
	number, err := strconv.Atoi(parts[2])
	return Version{Name: parts[1], Number: number}, err
}

// ParseFile reads the name of a schema's file, "orders.created.v1.json".
func ParseFile(name string) (Version, error) {
	base, isJSON := strings.CutSuffix(name, ".json")
	v, err := ParseVersion(base)
	if err != nil || !isJSON {
		return Version{}, fmt.Errorf("the file name must be <domain>.<event>.v<n>.json")
	}
	return v, nil
}

func (v Version) String() string { return v.Name + ".v" + strconv.Itoa(v.Number) }

// File is the name of the files of this version.
func (v Version) File() string { return v.String() + ".json" }

// Compare orders versions by name, then by number.
func (v Version) Compare(other Version) int {
	return cmp.Or(strings.Compare(v.Name, other.Name), cmp.Compare(v.Number, other.Number))
}

// Entry is what a folder holds of one version.
type Entry struct {
	// Schema is the file as it is.
	Schema []byte
	// Payloads are the golden payloads by their names.
	Payloads map[string]json.RawMessage
}
