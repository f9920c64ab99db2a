package verify

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"orderly/events"
	"orderly/internal/audit"
)

// traces is what the streams tell of each order, as small as possible: it is
// all that an audit keeps for every order.
type traces struct {
	byOrder map[uuid.UUID][]told
	names   []string // of events, by told.name
	since   map[string]time.Time
}

// told is one event of an order, however often it is in a stream.
type told struct {
	name    uint8
	version uint16
	sum     uint64
}

func newTraces() *traces {
	t := &traces{byOrder: make(map[uuid.UUID][]told), since: make(map[string]time.Time)}
	for _, v := range events.Catalog() {
		if !slices.Contains(t.names, v.Name) {
			t.names = append(t.names, v.Name)
		}
	}
	return t
}

// add notes an event. It reports whether it contradicts what was told before:
// the same event, with other contents.
func (t *traces) add(e audit.Event) (contradicts bool) {
	id, err := uuid.Parse(e.OrderID)
	name := slices.Index(t.names, e.Name)
	if err != nil || name < 0 {
		return false // not of an order, or of a contract that this build does not know
	}
	now := told{name: uint8(name), version: uint16(e.Version), sum: e.Sum}
	for _, before := range t.byOrder[id] {
		if before == now {
			return false
		}
		contradicts = contradicts || once(e.Name) && before.name == now.name && before.version == now.version
	}
	t.byOrder[id] = append(t.byOrder[id], now)
	return contradicts
}

// once reports whether an order has one event of a name, however often told.
func once(name string) bool { return name != events.NamePaymentCredited }

// of takes the events of an order out, by name and version.
func (t *traces) of(order string) trace {
	id, err := uuid.Parse(order)
	if err != nil {
		return trace{}
	}
	found := trace{names: t.names, told: t.byOrder[id]}
	delete(t.byOrder, id)
	return found
}

// orders returns the orders that were not taken out, by id.
func (t *traces) orders() []string {
	ids := make([]string, 0, len(t.byOrder))
	for id := range t.byOrder {
		ids = append(ids, id.String())
	}
	slices.Sort(ids)
	return ids
}

// covers reports whether the feed told of the stream that an event is in.
func (t *traces) covers(event string) bool {
	domain, _, _ := strings.Cut(event, ".")
	_, ok := t.since[domain]
	return ok
}

// reaches reports whether the stream of an event holds all that was published
// from the given time on.
func (t *traces) reaches(event string, at time.Time) bool {
	domain, _, _ := strings.Cut(event, ".")
	since := t.since[domain]
	return !since.IsZero() && since.Before(at)
}

// trace is what the streams tell of one order.
type trace struct {
	names []string
	told  []told
}

func (t trace) has(event string) bool {
	return slices.ContainsFunc(t.told, func(e told) bool { return t.names[e.name] == event })
}

// sums returns the contents under which an event is in the streams.
func (t trace) sums(event string, version int) []uint64 {
	var sums []uint64
	for _, e := range t.told {
		if t.names[e.name] == event && int(e.version) == version {
			sums = append(sums, e.sum)
		}
	}
	return sums
}

// events lists the names of what was told, each once.
func (t trace) events() []string {
	var names []string
	for _, e := range t.told {
		if n := t.names[e.name]; !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}
