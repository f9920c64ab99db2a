package event

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Contract is one version of one event: how its payload is checked and coded.
type Contract struct {
	// Name is the event's logical name: tokens of lower case letters, digits,
	// "_" and "-", joined by dots, such as "greetings.sent".
	Name string
	// Version counts from 1. A version's meaning never changes.
	Version int
	// DataSchema names the payload's schema, as a URI; it may be empty.
	DataSchema string
	// Decode turns JSON into the payload and checks it completely. It must
	// refuse what is not JSON, and it must not keep or change its argument.
	Decode func([]byte) (any, error)
	// Encode checks a payload completely and turns it into compact JSON. It
	// must refuse a payload of another type.
	Encode func(any) ([]byte, error)
	// Up turns a payload of this version into one of the next. Every version
	// but the newest needs it. It must be pure.
	Up func(any) (any, error)
	// Down turns a payload of this version into one of the version before.
	// Every version but the oldest needs it. It must be pure; what the older
	// version cannot say is left out.
	Down func(any) (any, error)
	// Retired marks a version that nobody says or reads any more: it is kept
	// for what is stored, as dead letters and histories.
	Retired bool
}

// Registry holds the contracts that a program speaks. It is made once, never
// changes and may be used by many goroutines at once.
//
// A program knows the payload of an event in one form, that of the newest
// version: [Registry.Open] brings older ones up to it, and [Registry.Seal] takes
// it down to the version that is to be said.
type Registry struct {
	prefix string
	byType map[string]*entry // by complete ce-type
	newest map[string]*entry // by name
}

// entry is a contract with the ce-type that stands for it, beside its
// neighbours.
type entry struct {
	Contract
	wire        string
	older, next *entry
}

// NewRegistry returns a registry of the given contracts. typePrefix goes in
// front of every ce-type, such as "com.example." with its dot; it may be empty.
// Contracts that are incomplete, badly named or given twice are refused, and so
// are versions of one event that leave one out or lack a conversion.
func NewRegistry(typePrefix string, cs ...Contract) (*Registry, error) {
	if !printable(typePrefix) {
		return nil, fmt.Errorf("event registry: type prefix %q: only printable ASCII without spaces is allowed", typePrefix)
	}
	r := &Registry{
		prefix: typePrefix,
		byType: make(map[string]*entry, len(cs)),
		newest: make(map[string]*entry, len(cs)),
	}
	for _, c := range cs {
		if err := r.add(c); err != nil {
			return nil, fmt.Errorf("event registry: contract %q version %d: %w", c.Name, c.Version, err)
		}
	}
	for _, n := range r.byType {
		if err := r.join(n); err != nil {
			return nil, fmt.Errorf("event registry: contract %q version %d: %w", n.Name, n.Version, err)
		}
	}
	return r, nil
}

// join puts a contract beside its neighbours.
func (r *Registry) join(n *entry) error {
	newest := r.newest[n.Name]
	if n == newest {
		return nil
	}
	n.next = r.find(n.Name, n.Version+1)
	switch {
	case n.next == nil:
		return fmt.Errorf("version %d is missing between it and version %d", n.Version+1, newest.Version)
	case n.Up == nil:
		return fmt.Errorf("it needs Up, which turns its payloads into those of version %d", n.next.Version)
	case n.next.Down == nil:
		return fmt.Errorf("version %d needs Down, which turns its payloads into those of this one", n.next.Version)
	}
	n.next.older = n
	return nil
}

func (r *Registry) add(c Contract) error {
	switch {
	case !validName(c.Name):
		return errors.New("the name must be dotted tokens of a-z, 0-9, _ and -")
	case c.Version < 1:
		return errors.New("versions start at 1")
	case c.Decode == nil || c.Encode == nil:
		return errors.New("it needs both Decode and Encode")
	}
	n := &entry{Contract: c, wire: r.prefix + c.Name + ".v" + strconv.Itoa(c.Version)}
	if r.byType[n.wire] != nil {
		return errors.New("it is registered twice")
	}
	r.byType[n.wire] = n
	if old := r.newest[c.Name]; old == nil || old.Version < c.Version {
		r.newest[c.Name] = n
	}
	return nil
}

// Lookup returns the contract of a name and version; version 0 is the newest.
func (r *Registry) Lookup(name string, version int) (Contract, bool) {
	n := r.find(name, version)
	if n == nil {
		return Contract{}, false
	}
	return n.Contract, true
}

// Subject returns the NATS subject that the event travels on:
// "<name>.v<version>.<lane>". It looks at Name, Version and Lane alone; version
// 0 is the newest registered one, an empty lane is [DefaultLane].
func (r *Registry) Subject(e Event) string {
	version := e.Version
	if version == 0 {
		if c := r.newest[e.Name]; c != nil {
			version = c.Version
		}
	}
	return e.Name + ".v" + strconv.Itoa(version) + "." + laneOr(e.Lane)
}

func (r *Registry) find(name string, version int) *entry {
	n := r.newest[name]
	if n == nil || version == 0 || version == n.Version {
		return n
	}
	return r.byType[r.prefix+name+".v"+strconv.Itoa(version)]
}

// parseType takes a ce-type apart again. ok is false for types that no contract
// could have.
func (r *Registry) parseType(t string) (name string, version int, ok bool) {
	rest, ok := strings.CutPrefix(t, r.prefix)
	if !ok {
		return "", 0, false
	}
	i := strings.LastIndex(rest, ".v")
	if i < 0 || !validName(rest[:i]) {
		return "", 0, false
	}
	version, err := strconv.Atoi(rest[i+2:])
	if err != nil || version < 1 || strconv.Itoa(version) != rest[i+2:] {
		return "", 0, false
	}
	return rest[:i], version, true
}

func laneOr(lane string) string {
	if lane == "" {
		return DefaultLane
	}
	return lane
}

// laneOf returns the last token of a NATS subject, or the default lane if that
// token could not have been written by Pack.
func laneOf(subject string) string {
	if lane := subject[strings.LastIndexByte(subject, '.')+1:]; validLane(lane) {
		return lane
	}
	return DefaultLane
}

func validLane(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !nameByte(c) && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != ""
}

func validName(s string) bool {
	for token := range strings.SplitSeq(s, ".") {
		if token == "" {
			return false
		}
		for i := range len(token) {
			if !nameByte(token[i]) {
				return false
			}
		}
	}
	return true
}

func nameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '-'
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
