package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Open is the receiver's door. It reads a message in binary mode, a single
// structured event (which needs no headers if it is a JSON object, as the NATS
// binding has it) or a JSON batch, and decodes and checks each payload once. One
// of an older version is then turned into one of the newest; Version and Data
// stay as they came.
// What is wrong with one event is in its Result and spoils no other; an empty
// batch has no results. The lane is taken from the message's subject.
//
// The error wraps [ErrUnreadable] and means that the message as a whole cannot
// be read. The results share their Data with the message.
func (r *Registry) Open(m Message) ([]Result, error) {
	switch t := mediaType(header(m.Header, headerContentType)); {
	case t == batchType, t == structuredType:
		return r.openStructured(m, t == batchType)
	case strings.HasPrefix(t, "application/cloudevents"):
		return nil, fmt.Errorf("open message on %s: %w: content type %s: of the structured ones only JSON is read", m.Subject, ErrUnreadable, t)
	case header(m.Header, headerPrefix+"specversion") != "":
		return []Result{r.openBinary(m)}, nil
	case t == "" && bytes.HasPrefix(trim(m.Data), []byte("{")):
		return r.openStructured(m, false)
	default:
		return nil, fmt.Errorf("open message on %s: %w: it has no header ce-specversion, so it is no CloudEvent", m.Subject, ErrUnreadable)
	}
}

// openStructured reads one event in the JSON format, or a batch of them.
func (r *Registry) openStructured(m Message, isBatch bool) ([]Result, error) {
	c := cursor{b: m.Data}
	lane := laneOf(m.Subject)
	var results []Result
	switch {
	case !isBatch:
		results = append(results, r.openNext(&c, lane))
	case !c.enter('['):
		return nil, fmt.Errorf("open message on %s: %w: a batch must be a JSON array", m.Subject, ErrUnreadable)
	default:
		for c.more(']', len(results)) {
			results = append(results, r.openNext(&c, lane))
		}
	}
	if !c.done() {
		return nil, fmt.Errorf("open message on %s: %w: it is not JSON", m.Subject, ErrUnreadable)
	}
	return results, nil
}

func (r *Registry) openNext(c *cursor, lane string) Result {
	e := Event{Lane: lane}
	if !c.enter('{') {
		e.Data = c.value()
		return r.admit(e, errors.New("an event must be a JSON object"))
	}
	err := readMembers(&e, c)
	if c.bad {
		return Result{} // the whole message is refused
	}
	return r.admit(e, err)
}

// readMembers takes over what it can of a JSON object, and returns the first
// thing wrong with it.
func readMembers(e *Event, c *cursor) error {
	var failed error
	fail := func(err error) {
		if failed == nil {
			failed = err
		}
	}
	versioned := false
	for n := 0; c.more('}', n); n++ {
		key := c.key()
		value := c.value()
		if c.bad {
			return nil
		}
		name := attributeName(key)
		switch {
		case string(key) == "data":
			e.Data = value // checked by the contract, not twice
		case name != "" && value[0] == '"':
			versioned = versioned || name == "specversion"
			if err := setAttribute(e, name, c.text(value)); err != nil {
				fail(err)
			}
		case !json.Valid(value):
			c.fail()
		case isNull(value): // the same as if it was not there
		case string(key) == "data_base64":
			fail(errors.New("data_base64: only JSON payloads are read"))
		case name != "":
			fail(fmt.Errorf("the attribute %s must be a string", name))
		}
	}
	if !versioned {
		fail(errors.New("the attribute specversion is missing"))
	}
	return failed
}

func (r *Registry) openBinary(m Message) Result {
	e := Event{Lane: laneOf(m.Subject), Data: trim(m.Data)}
	err := readHeader(&e, m.Header)
	return r.admit(e, err)
}

// admit decodes an event whose envelope was read, with err if that failed.
func (r *Registry) admit(e Event, err error) Result {
	c := r.byType[e.Type]
	if c != nil {
		e.Name, e.Version = c.Name, c.Version
	} else if name, version, ok := r.parseType(e.Type); ok {
		e.Name, e.Version = name, version
	}
	if err == nil {
		err = checkEnvelope(&e)
	}
	if err != nil {
		return Result{e, fmt.Errorf("open event %s %s: %w: %w", e.Type, e.ID, ErrInvalid, err)}
	}
	if c == nil {
		return Result{e, fmt.Errorf("open event %s: type %q: %w: no contract is registered for it", e.ID, e.Type, ErrUnknown)}
	}
	payload, err := c.Decode(e.Data)
	if err != nil {
		return Result{e, fmt.Errorf("open event %s %s: %w: %w", e.Type, e.ID, ErrInvalid, err)}
	}
	if e.Payload, err = c.lift(payload); err != nil {
		return Result{e, fmt.Errorf("open event %s %s: %w: %w", e.Type, e.ID, ErrInvalid, err)}
	}
	return Result{Event: e}
}

// trim strips the white space that JSON allows around a value.
func trim(data []byte) []byte {
	return bytes.Trim(data, " \t\r\n")
}
