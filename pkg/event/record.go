package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// newestMember is what a record adds to the payload of an older version.
const newestMember = "_newest"

// carried is the payload of the newest version in the record of an older one.
type carried struct {
	Version int             `json:"version"`
	Data    json.RawMessage `json:"data"`
}

// Record returns the form in which a store should keep a sealed or opened event:
// the payload of the oldest version that is not retired, so that a program which
// knows no newer one still reads it, as after a rollback. What only a newer
// version can say goes along in a member "_newest", for [Registry.Recall]; readers
// of the older one ignore it, as every member that they do not know.
//
// An event that has one version is kept as it travels. The error wraps
// [ErrUnknown], or [ErrInvalid] if the payload cannot be converted.
func (r *Registry) Record(e Event) (version int, data []byte, err error) {
	newest := r.newest[e.Name]
	if newest == nil {
		return 0, nil, fmt.Errorf("record event %s (name %q): %w: no contract is registered for it", e.ID, e.Name, ErrUnknown)
	}
	kept := newest
	for n := newest.older; n != nil && !n.Retired; n = n.older {
		kept = n
	}
	if kept == newest && e.Version == kept.Version {
		return e.Version, e.Data, nil
	}
	data, err = r.record(kept, newest, e.Payload)
	if err != nil {
		return 0, nil, fmt.Errorf("record event %s %s: %w: %w", e.Type, e.ID, ErrInvalid, err)
	}
	return kept.Version, data, nil
}

func (r *Registry) record(kept, newest *entry, payload any) ([]byte, error) {
	lowered, err := newest.lower(payload, kept.Version)
	if err != nil {
		return nil, err
	}
	data, err := kept.Encode(lowered)
	if err != nil {
		return nil, err
	}
	again, err := kept.lift(lowered)
	if err != nil {
		return nil, err
	}
	if reflect.DeepEqual(again, payload) {
		return data, nil
	}
	full, err := newest.Encode(payload)
	if err != nil {
		return nil, err
	}
	more, err := json.Marshal(carried{newest.Version, full})
	if err != nil {
		return nil, err
	}
	return addMember(data, newestMember, more)
}

// addMember adds a member to a JSON object in compact form.
func addMember(object []byte, name string, value []byte) ([]byte, error) {
	body, closed := bytes.CutSuffix(object, []byte("}"))
	if !closed {
		return nil, fmt.Errorf("the payload must be a JSON object to carry what an older version cannot say")
	}
	out := make([]byte, 0, len(object)+len(value)+len(name)+8)
	out = append(out, body...)
	if len(body) > 1 {
		out = append(out, ',')
	}
	out = append(append(append(out, '"'), name...), '"', ':')
	return append(append(out, value...), '}'), nil
}

// Recall reads what [Registry.Record] returned, under this or an older registry,
// and returns an event with Name, Version, Data and Payload: in the newest version
// that was recorded and is known here, the payload in the newest form. The error
// wraps [ErrUnknown] if the version is not known here, as in a program that was
// rolled back too far, and [ErrInvalid] if the data break their contract.
func (r *Registry) Recall(name string, version int, data []byte) (Event, error) {
	e := Event{Name: name, Version: version, Data: data}
	if c, ok := r.carried(name, data); ok && c.Version > version {
		e.Version, e.Data = c.Version, c.Data
	}
	c := r.find(name, e.Version)
	if c == nil || version < 1 {
		return Event{}, fmt.Errorf("recall event %s version %d: %w: no contract is registered for it", name, version, ErrUnknown)
	}
	e.Type, e.DataSchema = c.wire, c.DataSchema
	payload, err := c.Decode(e.Data)
	if err == nil {
		e.Payload, err = c.lift(payload)
	}
	if err != nil {
		return Event{}, fmt.Errorf("recall event %s: %w: %w", c.wire, ErrInvalid, err)
	}
	return e, nil
}

// carried finds a newer version in a record, if it is known here.
func (r *Registry) carried(name string, data []byte) (c carried, ok bool) {
	if !bytes.Contains(data, []byte(newestMember)) {
		return c, false
	}
	var record struct {
		Newest *carried `json:"_newest"`
	}
	if json.Unmarshal(data, &record) != nil || record.Newest == nil {
		return c, false
	}
	return *record.Newest, record.Newest.Version > 0 && r.find(name, record.Newest.Version) != nil
}
