package engine

// line is where inputs of one kind wait for a batch: what is urgent, or the rest.
type line struct {
	queue chan group // commands, messages and ticks: bounded, full means wait
	again chan group // outcomes and retries: bounded by what is in hand already
	rest  *group     // was taken out, and had no place in the batch before
	room  room       // in the batch that is being made
}

// room is for how much there is a place.
type room struct{ inputs, weight int }

func newLine() *line {
	return &line{queue: make(chan group, queueLength), again: make(chan group)}
}

// take returns what waits longest, if anything does.
func (l *line) take() (group, bool) {
	if g := l.rest; g != nil {
		l.rest = nil
		return *g, true
	}
	select {
	case g := <-l.again:
		return g, true
	default:
	}
	select {
	case g := <-l.queue:
		return g, true
	default:
		return group{}, false
	}
}

// open reports whether the line may put more into the batch.
func (l *line) open() bool { return l.room.inputs > 0 && l.room.weight > 0 }

// leave keeps g for the next batch, and what comes after it too.
func (l *line) leave(g group) { l.rest, l.room = &g, room{} }

func (r *room) use(inputs, weight int) {
	r.inputs -= inputs
	r.weight -= weight
}
