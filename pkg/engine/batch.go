package engine

// batch is a batch in the making.
type batch struct {
	cfg    Config
	inputs []*Input
	room   room // for everybody together
	urgent bool // some of it is
	lent   bool // what the others left of their share, to the urgent
}

func newBatch(c Config) *batch {
	return &batch{cfg: c, room: room{inputs: c.MaxInputs, weight: c.MaxWeight}}
}

// weight is 1 for what will not be decided.
func (in *Input) weight(c Config) int {
	if in.failure != nil {
		return 1
	}
	return c.Weigh(in.Body)
}

// split cuts inputs that came together into groups that each fit into a batch.
func split(inputs []*Input, c Config) []group {
	var out []group
	begin, weight := 0, 0
	for i, in := range inputs {
		w := in.weight(c)
		if i > begin && (i-begin >= c.MaxInputs || weight+w > c.MaxWeight) {
			out = append(out, group{inputs: inputs[begin:i:i]})
			begin, weight = i, 0
		}
		weight += w
	}
	if begin < len(inputs) {
		out = append(out, group{inputs: inputs[begin:]})
	}
	return out
}

func (b *batch) full() bool { return b.room.inputs <= 0 || b.room.weight <= 0 }

// add puts as much of g into the batch as there is room for, and leaves the rest
// to its line. The first input of a batch has room whatever it weighs. It returns
// how many have found a place.
func (b *batch) add(l *line, g group) (n int) {
	for _, in := range g.inputs {
		w := in.weight(b.cfg)
		if len(b.inputs) > 0 && (min(b.room.inputs, l.room.inputs) < 1 || min(b.room.weight, l.room.weight) < w) {
			break
		}
		b.inputs = append(b.inputs, in)
		b.room.use(1, w)
		l.room.use(1, w)
		n++
	}
	if n < len(g.inputs) {
		l.leave(group{inputs: g.inputs[n:], alone: g.alone})
	}
	return n
}
