package app

import (
	"slices"
	"strconv"
	"strings"

	"orderly/order"
)

// reads says which events of a stream a service hears, as a subject without its
// version and lane.
type reads struct {
	stream string
	events string // "orders.*" or one name
}

// listener is a service with what it hears.
type listener struct {
	name  string
	hears []reads
}

// services are all of them.
func services() []listener {
	return []listener{{OrderService, orderHears()}, {InventoryService, inventoryHears()}, {PaymentService, paymentHears()}}
}

// channel is one durable consumer by which a service hears: one for each thing
// that it hears and each lane. A service that reads another version of an event
// has another durable: two replicas that read different versions during an upgrade
// do not change each other's filters.
type channel struct {
	lane    string
	stream  string
	durable string
	filters []string
	heard   hearing
}

// channels are what a service hears by, in the versions that it reads.
func channels(service string, hears []reads, v Versions) []channel {
	var out []channel
	for _, h := range hearings(service, hears) {
		c := h.channel(v)
		c.heard = h
		out = append(out, c)
	}
	return out
}

// hearing is one thing that a service hears, of one lane.
type hearing struct {
	service, lane string
	reads
	// channels are all by which it may be heard, the oldest versions first: whoever
	// looks on does not know which versions a service reads.
	channels []channel
	// retired are those by which it was heard once, in versions that are retired.
	retired []channel
}

func hearings(service string, hears []reads) []hearing {
	var out []hearing
	for _, r := range hears {
		for _, lane := range order.Lanes() {
			h := hearing{service: service, lane: lane, reads: r}
			for _, way := range ways(names(h.events), live) {
				h.channels = append(h.channels, h.channel(way))
			}
			for _, way := range ways(names(h.events), ever) {
				if c := h.channel(way); !h.has(c.durable) {
					h.retired = append(h.retired, c)
				}
			}
			out = append(out, h)
		}
	}
	return out
}

// everything that is heard by anybody.
func everything() []hearing {
	var all []hearing
	for _, s := range services() {
		all = append(all, hearings(s.name, s.hears)...)
	}
	return all
}

func (h hearing) channel(v Versions) channel {
	events, filters := h.filters(v)
	return channel{lane: h.lane, stream: h.stream, durable: h.durable(events), filters: filters}
}

// has reports whether a durable is for what is heard, in versions in use.
func (h hearing) has(durable string) bool {
	return slices.ContainsFunc(h.channels, func(c channel) bool { return c.durable == durable })
}

// had reports whether a durable is or was for what is heard.
func (h hearing) had(durable string) bool {
	return h.has(durable) || slices.ContainsFunc(h.retired, func(c channel) bool { return c.durable == durable })
}

// filters are the subjects of what is heard, and which events are heard in another
// version than the first. While there are none, one subject stands for all, so
// that an event which is added needs no change.
func (h hearing) filters(v Versions) (later, subjects []string) {
	for _, name := range names(h.events) {
		version := v.read(name)
		subjects = append(subjects, versionOf(name, version)+"."+h.lane)
		if version > 1 {
			later = append(later, strings.TrimPrefix(name, domainOf(name)+".")+"-v"+strconv.Itoa(version))
		}
	}
	if len(later) == 0 {
		return nil, []string{h.events + ".v1." + h.lane}
	}
	return later, subjects
}

// durable is the name of the consumer that hears some events in later versions.
func (h hearing) durable(later []string) string {
	return strings.Join(slices.Concat([]string{h.service, strings.ToLower(h.stream)}, later, []string{h.lane}), "-")
}
