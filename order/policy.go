package order

import (
	"errors"
	"time"

	"orderly/events"
)

// Policy says how long an order may take and when it is announced again.
type Policy struct {
	Deadline        time.Duration // from placing to the end
	ExpressDeadline time.Duration // the same for the express lane; Deadline if zero
	RedriveFirst    time.Duration // without progress, until the first announcement
	RedriveMax      time.Duration // the longest pause between two announcements
}

// DefaultPolicy gives an order of either lane 15 minutes, and announces one that
// makes no progress after 30 s, then at doubling intervals of up to one hour.
func DefaultPolicy() Policy {
	return Policy{Deadline: 15 * time.Minute, ExpressDeadline: 15 * time.Minute, RedriveFirst: 30 * time.Second, RedriveMax: time.Hour}
}

// Validate refuses a policy that would leave no time to an order or announce
// without a pause.
func (p Policy) Validate() error {
	switch {
	case p.Deadline <= 0 || p.ExpressDeadline < 0:
		return errors.New("order policy: the deadlines must be positive")
	case p.RedriveFirst <= 0 || p.RedriveMax < p.RedriveFirst:
		return errors.New("order policy: the first redrive must be positive, and the longest pause no shorter")
	}
	return nil
}

// deadline is how long an order of a lane may take.
func (p Policy) deadline(lane string) time.Duration {
	if lane == Express && p.ExpressDeadline > 0 {
		return p.ExpressDeadline
	}
	return p.Deadline
}

// Tick is what the clock tells an order.
type Tick struct {
	// Jitter in [0,1) spreads the next announcement.
	Jitter float64
	// Now asks for an announcement ahead of its time, as a start does, because
	// the process before may have died between commit and publish.
	Now bool
	// Horizon is the time up to which the other services have heard all that
	// was published. An order that made progress later is not lost: they have
	// yet to come to it. Zero holds nothing back.
	Horizon time.Time
}

// Tick tells the order the time: an order past its deadline is cancelled, one
// without progress is announced again, and any other stays as it is. Two
// replicas that tell it the same time announce it once.
func (p Policy) Tick(o Order, t Tick, now time.Time) Result {
	switch {
	case o.Closed():
		return Result{Order: o}
	case !o.Ended() && !now.Before(o.Deadline):
		return p.cancel(o, events.ReasonTimedOut, now)
	case now.Before(o.NextRedrive) && !(t.Now && o.Redrives == 0):
		return Result{Order: o}
	case !t.Horizon.IsZero() && o.UpdatedAt.After(t.Horizon):
		o.NextRedrive = now.Add(p.RedriveFirst)
		return Result{Order: o}
	}
	o.Redrives++
	o.NextRedrive = now.Add(p.pause(o.Redrives, t.Jitter))
	return Result{Order: o, Repeats: []events.Event{o.announcement()}}
}

// announcement is the event from which the rest of the order's chain runs
// again.
func (o Order) announcement() events.Event {
	if !o.Ended() || (o.Status == Confirmed && !o.Priced) {
		return o.created()
	}
	return o.ended()
}

// pause doubles with each announcement and is spread over its upper half.
func (p Policy) pause(redrives int, jitter float64) time.Duration {
	d := p.RedriveMax
	if shift := min(redrives, 30); p.RedriveFirst<<shift>>shift == p.RedriveFirst {
		d = min(d, p.RedriveFirst<<shift)
	}
	return d/2 + time.Duration(jitter*float64(d/2))
}

// cancel ends an order. Nobody has answered a pending one yet, so it may never
// have been announced: what happened must be told from its beginning, because
// from now on only the end is announced again.
func (p Policy) cancel(o Order, reason string, now time.Time) Result {
	wasPending := o.Status == Pending
	o.Status, o.Reason = Cancelled, reason
	r := p.progress(o, now, Order.ended)
	if wasPending {
		r.Repeats = []events.Event{o.created()}
	}
	return r
}

// progress notes that the order moved, which starts the redrive's patience
// anew.
func (p Policy) progress(o Order, now time.Time, says func(Order) events.Event) Result {
	o.UpdatedAt = now
	o.Redrives = 0
	o.NextRedrive = now.Add(p.RedriveFirst)
	r := Result{Order: o, Changed: true}
	if says != nil {
		r.Says = []events.Event{says(o)}
	}
	return r
}
