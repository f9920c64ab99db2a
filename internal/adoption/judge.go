package adoption

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Judge returns the reasons why a version must not be retired, each with what to
// do; none if it may. Oldest is the oldest open order, nil if all are closed. The
// consumers in except do not count: somebody knows that they can do without.
func Judge(s State, version int, oldest *Open, except ...string) []string {
	name := func(n int) string { return fmt.Sprintf("%s.v%d", s.Event, n) }
	newer := s.newerThan(version)
	if len(newer) == 0 {
		return []string{fmt.Sprintf("%s is the newest version in use: add the next one and publish both first", name(version))}
	}
	var reasons []string
	began := first(newer)
	next := name(newer[len(newer)-1].Version)
	if began.IsZero() {
		reasons = append(reasons, fmt.Sprintf("the stream holds no message of %s: publish both versions first", next))
	}
	for _, speaker := range s.Speakers {
		if !slices.Contains(speaker.Versions, newer[len(newer)-1].Version) {
			reasons = append(reasons, fmt.Sprintf("%s of the %s service does not say %s: start it with --publish %s,%s", speaker.Instance, speaker.Service, next, name(version), next))
		}
	}
	for _, r := range s.Readers {
		if r.Version != version || slices.Contains(except, r.Consumer) {
			continue
		}
		if reason := r.objection(name(version), next); reason != "" {
			reasons = append(reasons, reason)
		}
	}
	if oldest != nil && !began.IsZero() && oldest.CreatedAt.Before(began) {
		reasons = append(reasons, fmt.Sprintf("order %s is open and was placed at %s, before %s was first published at %s: what was said of it then exists in %s alone; see orderly orders get %[1]s",
			oldest.OrderID, stamp(oldest.CreatedAt), next, stamp(began), name(version)))
	}
	return reasons
}

// objection is why a version must not go while there is this reader of it.
func (r Reader) objection(version, next string) string {
	who := "consumer " + r.Consumer + " on " + r.Stream
	switch {
	case r.Live() && r.Service != "":
		return fmt.Sprintf("%s reads %s: %s of the %s service; start them with --read %s", who, version, r.replicas(), r.Service, next)
	case r.Live() && r.Durable:
		return fmt.Sprintf("%s gets %s and somebody pulls: move it to %s, or say --except %s if it can do without", who, version, next, r.Consumer)
	case r.Left || !r.Durable || r.Unread.IsZero():
		return ""
	}
	return fmt.Sprintf("%s has not read all of %s: its oldest message waits since %s, and nobody was seen reading since %s; start its reader, or say --except %s if it is gone for good",
		who, version, stamp(r.Unread), seen(r.LastSeen), r.Consumer)
}

func (r Reader) replicas() string {
	if len(r.Instances) > 0 {
		return strings.Join(r.Instances, ", ")
	}
	return "replicas"
}

// newerThan are the versions in use after one.
func (s State) newerThan(version int) []Version {
	var out []Version
	for _, v := range s.Versions {
		if v.Version > version && !v.Retired {
			out = append(out, v)
		}
	}
	return out
}

// first is when any of the versions was first published.
func first(versions []Version) time.Time {
	var t time.Time
	for _, v := range versions {
		if t.IsZero() || !v.First.IsZero() && v.First.Before(t) {
			t = v.First
		}
	}
	return t
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func seen(t time.Time) string {
	if t.IsZero() {
		return "it was made"
	}
	return stamp(t)
}
