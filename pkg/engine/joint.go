package engine

import (
	"errors"
	"sync"
)

// joint holds back the end of inputs that shared a call until all of them have
// theirs. What one of them led to may be what answers the others, to which the
// outcome then had nothing to add: acknowledged before it, they would not come
// again if the process died in between.
type joint struct {
	mu    sync.Mutex // guards what follows
	left  int
	parts []*part
}

// part is one of the inputs: the owner in the place of its owners.
type part struct {
	joint *joint
	owed  []owner
	err   error
}

// join ties the ends of inputs together.
func join(inputs []*Input) {
	if len(inputs) < 2 {
		return
	}
	j := &joint{left: len(inputs)}
	for _, in := range inputs {
		p := &part{joint: j, owed: in.owed}
		j.parts = append(j.parts, p)
		in.owed = []owner{p}
	}
}

func (p *part) committed(reply any, err error) {
	for _, o := range p.owed {
		o.committed(reply, err)
	}
}

func (p *part) settled(err error) {
	if p.joint.ends(p, err) {
		p.joint.settle()
	}
}

// ends reports whether that was the last of them.
func (j *joint) ends(p *part, err error) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	p.err = err
	j.left--
	return j.left == 0
}

// settle tells the owners. If one of the inputs was not handled, those that were
// come again too.
func (j *joint) settle() {
	var missed error
	for _, p := range j.parts {
		if p.err != nil && !errors.Is(p.err, errDead) {
			missed = p.err
		}
	}
	for _, p := range j.parts {
		err := p.err
		if err == nil {
			err = missed
		}
		for _, o := range p.owed {
			o.settled(err)
		}
	}
}
