package event

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// Seal is the sender's door. It picks the contract by e.Name and e.Version (0:
// the newest), checks and encodes e.Payload and completes e: Type, Version,
// DataSchema, Lane and Data are set, Time is turned to UTC. The payload is one of
// the newest version, whichever is to be said, and stays as it is. An event that
// Seal accepted can be packed.
//
// It returns [ErrUnknown], [ErrInvalid] or [ErrTooLarge], naming the event, and
// then leaves e as it was. Sealing again does the same again.
func (r *Registry) Seal(e *Event) error {
	c := r.find(e.Name, e.Version)
	if c == nil {
		return fmt.Errorf("seal event %s (name %q, version %d): %w: register its contract first", e.ID, e.Name, e.Version, ErrUnknown)
	}
	sealed := *e
	sealed.Type = c.wire
	sealed.Version = c.Version
	sealed.DataSchema = c.DataSchema
	sealed.Lane = laneOr(e.Lane)
	sealed.Time = utc(e.Time)
	if err := checkEnvelope(&sealed); err != nil {
		return fmt.Errorf("seal event %s %s: %w: %w", sealed.Type, e.ID, ErrInvalid, err)
	}
	data, err := r.encode(c, e.Payload)
	if err != nil {
		return fmt.Errorf("seal event %s %s: %w: %w", sealed.Type, e.ID, ErrInvalid, err)
	}
	sealed.Data = data
	if err := checkSize(&sealed); err != nil {
		return fmt.Errorf("seal %w", err)
	}
	*e = sealed
	return nil
}

// checkEnvelope says what is wrong with the attributes, for either door.
func checkEnvelope(e *Event) error {
	switch {
	case e.ID == "":
		return errors.New("the attribute id is missing")
	case e.Source == "":
		return errors.New("the attribute source is missing")
	case !validLane(e.Lane):
		return fmt.Errorf("the lane %q must be of letters, digits, _ and -", e.Lane)
	case e.Time.Year() < 0 || e.Time.Year() > 9999:
		return errors.New("the attribute time lies outside the years 0 to 9999")
	}
	for _, a := range attributes(e) {
		if !utf8.ValidString(a.value) {
			return fmt.Errorf("the attribute %s is not UTF-8", a.name)
		}
	}
	return nil
}

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	// The monotonic clock means nothing to a reader.
	return t.UTC().Round(0)
}

// checkSize keeps an event, whatever its attributes grow to when escaped, below
// what one message may be.
func checkSize(e *Event) error {
	const names = 512 // header names, separators, constant values
	size := names + len(e.Data)
	for _, a := range attributes(e) {
		size += 3 * len(a.value)
	}
	if size > MaxMessage {
		return fmt.Errorf("event %s %s: %w: it takes %d bytes of at most %d", e.Type, e.ID, ErrTooLarge, size, MaxMessage)
	}
	return nil
}
