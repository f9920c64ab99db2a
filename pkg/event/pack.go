package event

import "fmt"

const (
	// MaxMessage is the most bytes that one message takes, headers included.
	MaxMessage = 512 << 10
	// DefaultPackLimit is the size up to which events are packed together, in
	// bytes of the message's body.
	DefaultPackLimit = 64 << 10
)

const (
	structuredType = "application/cloudevents+json"
	batchType      = "application/cloudevents-batch+json"
)

// Pack puts sealed events into messages, each carrying events of one subject in
// the order given. Subjects come in the order of their first event. A message
// of several events is a CloudEvents JSON batch of at most limit bytes; one
// alone, or one larger than limit, travels in binary mode. A limit of 0 or less
// is [DefaultPackLimit]; limits above [MaxMessage] count as that.
//
// Events that are not sealed, or no longer fit, are refused with an error that
// wraps [ErrInvalid] or [ErrTooLarge]; no messages are returned then. The
// messages share their Data with the events.
func (r *Registry) Pack(events []Event, limit int) ([]Packed, error) {
	if limit <= 0 {
		limit = DefaultPackLimit
	}
	limit = min(limit, MaxMessage-packHeaderSize)
	var packs []Packed
	for _, g := range r.group(events) {
		for _, i := range g.events {
			if err := checkSealed(&events[i]); err != nil {
				return nil, fmt.Errorf("pack %w", err)
			}
		}
		packs = appendPacks(packs, g, events, limit)
	}
	return packs, nil
}

// packHeaderSize is room for the headers of a batch.
const packHeaderSize = 128

func checkSealed(e *Event) error {
	if e.Type == "" || e.Name == "" || e.Version < 1 {
		return fmt.Errorf("event %q %s: %w: it was not sealed", e.Name, e.ID, ErrInvalid)
	}
	if e.Lane != "" && !validLane(e.Lane) {
		return fmt.Errorf("event %s %s: %w: the lane %q must be of letters, digits, _ and -", e.Type, e.ID, ErrInvalid, e.Lane)
	}
	return checkSize(e)
}

// group is the events, by position, that go to one subject.
type group struct {
	subject string
	events  []int
}

func (r *Registry) group(events []Event) []group {
	type route struct {
		name, lane string
		version    int
	}
	var groups []group
	at := make(map[route]int, 4)
	for i := range events {
		e := &events[i]
		key := route{e.Name, laneOr(e.Lane), e.Version}
		g, ok := at[key]
		if !ok {
			g = len(groups)
			at[key] = g
			groups = append(groups, group{subject: r.Subject(*e)})
		}
		groups[g].events = append(groups[g].events, i)
	}
	return groups
}

// appendPacks fills message after message with a group's events.
func appendPacks(packs []Packed, g group, events []Event, limit int) []Packed {
	for rest := g.events; len(rest) > 0; {
		if len(rest) == 1 {
			return append(packs, binary(g.subject, events, rest))
		}
		body, n := batch(events, rest, limit)
		if n == 1 {
			packs = append(packs, binary(g.subject, events, rest[:1]))
		} else {
			packs = append(packs, Packed{
				Message: Message{
					Subject: g.subject,
					Header:  map[string][]string{headerContentType: {batchType}},
					Data:    body,
				},
				Events: rest[:n:n],
			})
		}
		rest = rest[n:]
	}
	return packs
}

// binary makes the message of the one event at.
func binary(subject string, events []Event, at []int) Packed {
	e := &events[at[0]]
	return Packed{
		Message: Message{Subject: subject, Header: binaryHeader(e), Data: e.Data},
		Events:  at[:1:1],
	}
}

// batch writes the first n of the events at as a JSON array: as many as fit
// into limit, but at least one, which alone may exceed it.
func batch(events []Event, at []int, limit int) (body []byte, n int) {
	body = make([]byte, 0, batchCapacity(events, at, limit))
	for n < len(at) {
		mark := len(body)
		if n == 0 {
			body = append(body, '[')
		} else {
			body = append(body, ',')
		}
		body = appendEvent(body, &events[at[n]])
		if len(body)+1 > limit && n > 0 {
			body = body[:mark]
			break
		}
		n++
	}
	return append(body, ']'), n
}

// batchCapacity guesses the size of a batch, so that it is seldom copied while
// it grows.
func batchCapacity(events []Event, at []int, limit int) int {
	size := 2
	for _, i := range at {
		size += 256 + len(events[i].Data)
		for _, a := range attributes(&events[i]) {
			size += len(a.value)
		}
		if size > limit {
			return limit + 512
		}
	}
	return size
}
