package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"orderly/events"
	"orderly/internal/adoption"
	"orderly/order"
	"orderly/pkg/discovery"
	"orderly/pkg/natsbus"
)

// adoptions asks the broker who reads which versions.
type adoptions struct {
	js       jetstream.JetStream
	nc       *nats.Conn // nil: the services are not asked who they are
	hearings []hearing  // everything
}

// errNoEvent means that this build knows no event of a name.
var errNoEvent = errors.New("this build knows no such event")

// state looks at the stream of an event and at everybody who reads it.
func (a adoptions) state(ctx context.Context, event string) (adoption.State, error) {
	s := adoption.State{Event: event, Versions: []adoption.Version{}, Speakers: []adoption.Speaker{}, Readers: []adoption.Reader{}}
	for _, v := range events.Catalog() {
		if v.Name == event {
			s.Versions = append(s.Versions, adoption.Version{Version: v.Version, Retired: v.Retired})
		}
	}
	if len(s.Versions) == 0 {
		return s, fmt.Errorf("%s: %w", event, errNoEvent)
	}
	stream, err := a.js.Stream(ctx, strings.ToUpper(domainOf(event)))
	if err != nil {
		return s, err
	}
	for i := range s.Versions {
		if err := a.span(ctx, stream, event, &s.Versions[i]); err != nil {
			return s, err
		}
	}
	consumers := stream.ListConsumers(ctx)
	for info := range consumers.Info() {
		for _, v := range s.Versions {
			if err := a.reader(ctx, stream, &s, info, v.Version); err != nil {
				return s, err
			}
		}
	}
	if err := consumers.Err(); err != nil {
		return s, err
	}
	if err := a.name(ctx, &s); err != nil {
		return s, err
	}
	a.leave(s.Readers, time.Now())
	slices.SortFunc(s.Readers, func(x, y adoption.Reader) int { return strings.Compare(x.Consumer, y.Consumer) })
	return s, nil
}

// name adds the replicas that say the event, and to the services' consumers those
// that say they read a version of it.
func (a adoptions) name(ctx context.Context, s *adoption.State) error {
	if a.nc == nil {
		return nil
	}
	found, err := discovery.Who(ctx, a.nc)
	if err != nil {
		return err
	}
	for _, one := range found {
		speaker := adoption.Speaker{Service: one.Metadata["service"], Instance: one.Metadata["replica"]}
		for _, v := range s.Versions {
			if slices.Contains(strings.Fields(one.Metadata[saysField]), versionOf(s.Event, v.Version)) {
				speaker.Versions = append(speaker.Versions, v.Version)
			}
		}
		if len(speaker.Versions) > 0 {
			s.Speakers = append(s.Speakers, speaker)
		}
	}
	for i := range s.Readers {
		r := &s.Readers[i]
		version := versionOf(s.Event, r.Version)
		for _, one := range found {
			if r.Service != "" && one.Metadata["service"] == r.Service && slices.Contains(strings.Fields(one.Metadata[readsField]), version) {
				r.Instances = append(r.Instances, one.Metadata["replica"])
			}
		}
	}
	return nil
}

// span finds out since when and until when a version was published.
func (a adoptions) span(ctx context.Context, stream jetstream.Stream, event string, v *adoption.Version) error {
	subject := versionOf(event, v.Version) + ".*"
	var err error
	if v.First, err = oldest(ctx, stream, 1, []string{subject}); err != nil || v.First.IsZero() {
		return err
	}
	last, err := stream.GetLastMsgForSubject(ctx, subject)
	if err != nil {
		return err
	}
	v.Last = last.Time.UTC()
	return nil
}

// reader adds a consumer, if it lets a version of the event through.
func (a adoptions) reader(ctx context.Context, stream jetstream.Stream, s *adoption.State, info *jetstream.ConsumerInfo, version int) error {
	newest := s.Versions[len(s.Versions)-1].Version
	subjects := through(info, s.Event, version)
	if len(subjects) == 0 {
		return nil
	}
	r := adoption.Reader{
		Service:  a.serviceOf(info.Name),
		Consumer: info.Name,
		Stream:   info.Stream,
		Version:  version,
		Durable:  info.Config.Durable != "",
		Every:    len(through(info, s.Event, newest)) > 0,
		Pulls:    info.NumWaiting,
		InHand:   info.NumAckPending,
		LastSeen: seenAt(info),
		Lag:      "0s",
	}
	if info.PushBound {
		r.Pulls++
	}
	answered := info.AckFloor.Stream
	if info.Config.AckPolicy == jetstream.AckNonePolicy {
		answered = info.Delivered.Stream
	}
	var err error
	if r.Unread, err = oldest(ctx, stream, answered+1, subjects); err != nil {
		return err
	}
	if !r.Unread.IsZero() {
		r.Lag = max(0, info.TimeStamp.Sub(r.Unread)).Round(time.Millisecond).String()
	}
	s.Readers = append(s.Readers, r)
	return nil
}

// through are the subjects of a version that a consumer lets through.
func through(info *jetstream.ConsumerInfo, event string, version int) []string {
	filters := natsbus.Filters(info.Config)
	var subjects []string
	for _, lane := range order.Lanes() {
		subject := versionOf(event, version) + "." + lane
		if len(filters) == 0 || slices.ContainsFunc(filters, func(filter string) bool { return covers(filter, subject) }) {
			subjects = append(subjects, subject)
		}
	}
	return subjects
}

// seenAt is when a consumer was last seen, by the broker's clock.
func seenAt(info *jetstream.ConsumerInfo) time.Time {
	if info.NumWaiting > 0 || info.PushBound {
		return info.TimeStamp.UTC()
	}
	var at time.Time
	for _, t := range []*time.Time{info.Delivered.Last, info.AckFloor.Last} {
		if t != nil && t.After(at) {
			at = t.UTC()
		}
	}
	return at
}

// leaveAfter is for how long a consumer with messages in hand counts as read though
// nobody pulls: its readers may have as much as they want.
const leaveAfter = time.Minute

// leave marks the consumers that their service has left: it hears the same, in a
// newer version, by another one that is further.
func (a adoptions) leave(readers []adoption.Reader, now time.Time) {
	for i := range readers {
		r := &readers[i]
		r.Left = r.Service != "" && !r.Live() && (r.InHand == 0 || now.Sub(r.LastSeen) > leaveAfter) && slices.ContainsFunc(readers, func(other adoption.Reader) bool {
			further := other.Unread.IsZero() || other.Unread.After(r.Unread)
			return a.insteadOf(other.Consumer, r.Consumer) && other.Version > r.Version && other.Live() && further
		})
	}
}

// serviceOf is whose a durable is; empty if it is none of the services'.
func (a adoptions) serviceOf(durable string) string {
	for _, h := range a.hearings {
		if h.had(durable) {
			return h.service
		}
	}
	return ""
}

// insteadOf reports whether two durables are for one thing that is heard.
func (a adoptions) insteadOf(one, other string) bool {
	return slices.ContainsFunc(a.hearings, func(h hearing) bool {
		return h.had(one) && h.had(other)
	})
}
