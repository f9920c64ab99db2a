package verify

import (
	"cmp"
	"context"
	"fmt"

	"orderly/events"
	"orderly/internal/audit"
	"orderly/pkg/event"
)

// readEvents notes what the streams tell.
func (a *auditor) readEvents(ctx context.Context) error {
	f, err := openFeed(ctx, a.source, audit.PathEvents)
	if err != nil {
		return err
	}
	defer f.close()
	err = f.rest(func(l audit.Line) error {
		switch {
		case l.Stream != nil:
			a.traces.since[l.Stream.Domain] = l.Stream.Since
		case l.Event.Name == "":
			a.report.Unreadable++
		default:
			a.event(*l.Event)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, v := range events.Catalog() {
		if !a.traces.covers(v.Name) {
			return f.failed(fmt.Errorf("it says nothing of the stream that %s is in", v.Name))
		}
	}
	return nil
}

func (a *auditor) event(e audit.Event) {
	a.report.Events++
	if want := event.DeriveID(e.OrderID, cmp.Or(e.Identity, e.Name)); e.ID != want {
		a.find(e.OrderID, fault{Idempotent, "event_id", fmt.Sprintf("%s is in stream %s under the id %s, it should be %s", e.Name, e.Stream, e.ID, want)})
	}
	if a.traces.add(e) {
		a.find(e.OrderID, fault{Idempotent, "event_differs", fmt.Sprintf("%s is in stream %s with two contents under one id, see message %d", e.Name, e.Stream, e.Sequence)})
	}
}
