package contract

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Record lists what was published, with digests. It only ever grows. Being
// committed beside the files it needs no history to be checked against: a
// shallow clone without tags will do.
type Record map[Version]Published

// Published is what is known of one published version.
type Published struct {
	// Schema is the digest of the file, byte for byte.
	Schema string `json:"schema"`
	// Payloads are the digests of the golden payloads, white space apart, so
	// that others can be added beside them.
	Payloads map[string]string `json:"payloads"`
	// Retired is set once nobody says or reads the version any more. It is kept
	// for what is stored, and does not come back.
	Retired bool `json:"retired,omitempty"`
}

// parseRecord reads what Encode writes.
func parseRecord(content []byte) (Record, error) {
	var lines map[string]Published
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&lines); err != nil {
		return nil, fmt.Errorf("it is no record of what was published: %w", err)
	}
	r := make(Record, len(lines))
	for name, p := range lines {
		v, err := ParseVersion(name)
		if err != nil {
			return nil, err
		}
		r[v] = p
	}
	return r, nil
}

// Encode returns the record as its file holds it.
func (r Record) Encode() ([]byte, error) {
	lines := make(map[string]Published, len(r))
	for v, p := range r {
		lines[v.String()] = p
	}
	content, err := json.MarshalIndent(lines, "", "  ")
	return append(content, '\n'), err
}

// recordOf is the record of a folder in which all is published.
func recordOf(entries map[Version]Entry) Record {
	r := make(Record, len(entries))
	for v, e := range entries {
		r[v] = publishedOf(e)
	}
	return r
}

func publishedOf(e Entry) Published {
	p := Published{Schema: digest(e.Schema), Payloads: make(map[string]string, len(e.Payloads))}
	for name, payload := range e.Payloads {
		p.Payloads[name] = digest(compacted(payload))
	}
	return p
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func compacted(payload json.RawMessage) []byte {
	var b bytes.Buffer
	if json.Compact(&b, payload) != nil {
		return payload
	}
	return b.Bytes()
}

// numbers are the versions of an event that the record lists, in order.
func (r Record) numbers(name string) []int {
	var all []int
	for v := range r {
		if v.Name == name {
			all = append(all, v.Number)
		}
	}
	slices.Sort(all)
	return all
}

// inUse are the versions of an event that are not retired, in order.
func (r Record) inUse(name string) []int {
	return slices.DeleteFunc(r.numbers(name), func(n int) bool { return r[Version{name, n}].Retired })
}

// with returns a record that lists what either lists; r counts where they
// differ.
func (r Record) with(other Record) Record {
	all := maps.Clone(other)
	if all == nil {
		all = Record{}
	}
	for v, p := range r {
		merged := Published{Schema: p.Schema, Payloads: maps.Clone(all[v].Payloads), Retired: p.Retired || all[v].Retired}
		if merged.Payloads == nil {
			merged.Payloads = map[string]string{}
		}
		maps.Copy(merged.Payloads, p.Payloads)
		all[v] = merged
	}
	return all
}
