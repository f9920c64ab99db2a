package app

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"orderly/events"
)

// Versions says in which versions a service publishes and reads the events that
// have several. The zero value publishes all that are not retired, and reads the
// oldest of them: so a fleet can be upgraded in any order, and its readers move to
// a newer version one by one.
type Versions struct {
	Publish map[string][]int // by event
	Read    map[string]int   // by event
}

// published are the versions in which an event is said.
func (v Versions) published(name string) []int {
	if versions, ok := v.Publish[name]; ok {
		return versions
	}
	return live(name)
}

// read is the version in which an event is heard.
func (v Versions) read(name string) int {
	if version, ok := v.Read[name]; ok {
		return version
	}
	return live(name)[0]
}

// ParsePublished reads which versions are published, as
// "orders.created.v1,orders.created.v2". Events that are not named keep what they
// have by default; nothing at all is the default of all.
func (v *Versions) ParsePublished(text string) error {
	v.Publish = make(map[string][]int)
	return eachVersion(text, func(name string, number int) error {
		if slices.Contains(v.Publish[name], number) {
			return fmt.Errorf("%s is named twice", versionOf(name, number))
		}
		v.Publish[name] = append(v.Publish[name], number)
		slices.Sort(v.Publish[name])
		return nil
	})
}

// ParseRead reads which versions are read, at most one of an event, as
// "orders.created.v2".
func (v *Versions) ParseRead(text string) error {
	v.Read = make(map[string]int)
	return eachVersion(text, func(name string, number int) error {
		if other, twice := v.Read[name]; twice {
			return fmt.Errorf("%s is to be read in versions %d and %d: a service reads one", name, other, number)
		}
		v.Read[name] = number
		return nil
	})
}

// Deaf is what is wrong with the versions of services that have nobody but each other
// to hear: an event that is read in a version in which it is not published.
func (v Versions) Deaf() error {
	for _, name := range slices.Sorted(maps.Keys(v.Read)) {
		if published := v.published(name); !slices.Contains(published, v.read(name)) {
			return fmt.Errorf("%s would be read and not published: %s is published in versions %v", versionOf(name, v.read(name)), name, published)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.Publish)) {
		if published := v.published(name); !slices.Contains(published, v.read(name)) {
			return fmt.Errorf("%s is read, and %s would be published in versions %v only", versionOf(name, v.read(name)), name, published)
		}
	}
	return nil
}

// eachVersion hands over the versions of a list, and refuses those that this build
// does not know or has retired.
func eachVersion(text string, do func(name string, number int) error) error {
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, digits, ok := strings.Cut(part, ".v")
		number, err := strconv.Atoi(digits)
		if !ok || err != nil || number < 1 {
			return fmt.Errorf("%q is no version of an event: write <domain>.<event>.v<n>, as orders.created.v1", part)
		}
		if known := live(name); !slices.Contains(known, number) {
			return fmt.Errorf("%s is not in use: of %s this build says and reads versions %v", part, name, known)
		}
		if err := do(name, number); err != nil {
			return err
		}
	}
	return nil
}

// versionOf names a version of an event, as orders.created.v1.
func versionOf(name string, number int) string { return name + ".v" + strconv.Itoa(number) }

// live are the versions of an event that are not retired, the oldest first.
func live(name string) []int {
	return numbers(name, func(v events.Version) bool { return !v.Retired })
}

// ever are all versions of an event, the retired ones too, the oldest first.
func ever(name string) []int {
	return numbers(name, func(events.Version) bool { return true })
}

func numbers(name string, of func(events.Version) bool) []int {
	var versions []int
	for _, v := range events.Catalog() {
		if v.Name == name && of(v) {
			versions = append(versions, v.Version)
		}
	}
	return versions
}

// names are the events of the catalogue that a pattern as "orders.*" or one name
// covers, in order.
func names(pattern string) []string {
	var all []string
	for _, v := range events.Catalog() {
		if covers(pattern, v.Name) && !slices.Contains(all, v.Name) {
			all = append(all, v.Name)
		}
	}
	return all
}

// ways are all ways in which events may be read, each in one of its versions.
func ways(names []string, versions func(name string) []int) []Versions {
	all := []Versions{{Read: map[string]int{}}}
	for _, name := range names {
		var next []Versions
		for _, version := range versions(name) {
			for _, way := range all {
				read := map[string]int{name: version}
				for other, n := range way.Read {
					read[other] = n
				}
				next = append(next, Versions{Read: read})
			}
		}
		all = next
	}
	return all
}

// domainOf is the domain that says an event, the first token of its name.
func domainOf(name string) string {
	domain, _, _ := strings.Cut(name, ".")
	return domain
}

// domains are which service says the events of a domain.
func domains() map[string]string {
	return map[string]string{"orders": OrderService, "inventory": InventoryService, "payments": PaymentService}
}

// What the metadata of an announced service call the versions of events that it
// reads and says.
const (
	readsField = "reads"
	saysField  = "says"
)

// tells are the versions of events that a service says, as orders.created.v1.
func (s *Service) tells() []string {
	var all []string
	says := s.deps.Versions.says(s.Name)
	for _, name := range slices.Sorted(maps.Keys(says)) {
		for _, number := range says[name] {
			all = append(all, versionOf(name, number))
		}
	}
	return all
}

// reads are the versions of events that a service reads, as orders.created.v1.
func (s *Service) reads() []string {
	var all []string
	for _, r := range s.listens {
		for _, name := range names(r.events) {
			all = append(all, versionOf(name, s.deps.Versions.read(name)))
		}
	}
	return all
}

// says are the versions in which a service publishes each of its events.
func (v Versions) says(service string) map[string][]int {
	all := make(map[string][]int)
	for _, known := range events.Catalog() {
		if domains()[domainOf(known.Name)] == service {
			all[known.Name] = v.published(known.Name)
		}
	}
	return all
}
