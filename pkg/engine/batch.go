package engine

// batch is a batch in the making.
type batch struct {
	cfg    Config
	inputs []*Input
	weight int
}

func (b *batch) weigh(g group) int {
	w := 0
	for _, in := range g.inputs {
		w += in.weight(b.cfg)
	}
	return w
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

func (b *batch) full() bool {
	return len(b.inputs) >= b.cfg.MaxInputs || b.weight >= b.cfg.MaxWeight
}

func (b *batch) fits(g group) bool {
	return len(b.inputs)+len(g.inputs) <= b.cfg.MaxInputs && b.weight+b.weigh(g) <= b.cfg.MaxWeight
}

func (b *batch) add(g group) {
	b.inputs = append(b.inputs, g.inputs...)
	b.weight += b.weigh(g)
}
