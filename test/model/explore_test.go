package model

import (
	"fmt"
	"slices"
	"strings"
)

// maxStates bounds a world: one that is larger has a decider that keeps count
// of something.
const maxStates = 2_000_000

// violation is a broken promise and the shortest way to it.
type violation struct {
	what  string
	trace []string
}

func (v *violation) String() string {
	return fmt.Sprintf("%s\nafter:\n  %s", v.what, strings.Join(v.trace, "\n  "))
}

// exploration is a breadth-first walk through the states of a world.
type exploration struct {
	w      *world
	check  func(state) string // names the promise that a state breaks, or ""
	states []state
	from   []origin
	seen   map[state]struct{}
	found  *violation
}

type origin struct {
	index int
	label fmt.Stringer
}

type label string

func (l label) String() string { return string(l) }

func (w *world) walk(check func(state) string) *exploration {
	return &exploration{w: w, check: check, seen: make(map[state]struct{})}
}

// explore walks through everything that faults can lead to until a promise is
// broken or there is nothing new. It returns what it found, or nil, and how many
// states it has seen.
func (w *world) explore() (*violation, int) {
	closing := newClosing(w)
	x := w.walk(func(s state) string {
		if what := w.broken(s); what != "" {
			return what
		}
		return closing.fails(s)
	})
	s := w.start()
	for i := range w.customers {
		for _, name := range []string{cancels, deadline, redriveIsDue} {
			s.stories[i].pending = s.stories[i].pending.with(w.client(name))
		}
		s.stories[i].pending |= w.operator(asksCredit, remindsOfCredit)
	}
	x.reach(s, 0, label("the orders are placed"))
	for at := 0; at < len(x.states) && x.found == nil; at++ {
		x.expand(at)
	}
	return x.found, len(x.states)
}

// reach notes a state, unless it was seen before, and checks it.
func (x *exploration) reach(s state, from int, by fmt.Stringer) {
	if x.w.customers > 1 {
		s = s.canonical()
	}
	if _, again := x.seen[s]; again || x.found != nil {
		return
	}
	x.seen[s] = struct{}{}
	x.states = append(x.states, s)
	x.from = append(x.from, origin{from, by})
	at := len(x.states) - 1
	if what := x.check(s); what != "" {
		x.violated(at, what)
	}
	if at == maxStates {
		x.violated(at, fmt.Sprintf("more than %d states", maxStates))
	}
}

func (x *exploration) violated(at int, what string) {
	v := &violation{what: what}
	for ; at > 0; at = x.from[at].index {
		v.trace = append(v.trace, x.from[at].label.String())
	}
	slices.Reverse(v.trace)
	x.found = v
}

// expand reaches all states that are one step away.
func (x *exploration) expand(at int) {
	s := x.states[at]
	if !s.delivered {
		x.reach(x.w.deliver(s), at, label("the only unit arrives"))
	}
	if x.w.raised != 0 {
		x.reach(x.w.raise(s), at, label("the price changes"))
	}
	for i, story := range s.stories[:x.w.customers] {
		if x.w.forgets {
			later, next := x.w.wait(story), s
			next.stories[i] = later.aged
			x.reach(next, at, label("intents grow old"))
			next.stories[i] = later.forgotten
			x.reach(next, at, label("the gateway forgets its keys"))
		}
		x.happen(at, i, story.pending, keep)
	}
}

// keep and use say whether what happened may happen again.
func keep(pending tokens, _ uint8) tokens { return pending }
func use(pending tokens, n uint8) tokens  { return pending.without(n) }

// happen reaches all states to which one of some things under way about an order
// leads.
func (x *exploration) happen(at, i int, some tokens, after func(tokens, uint8) tokens) {
	s := x.states[at]
	pending := s.stories[i].pending
	for rest := some; rest != 0 && x.found == nil; {
		n := rest.first()
		rest = rest.without(n)
		t := &x.w.tokens.values[n]
		for _, m := range x.w.moves(n, s.stories[i].local, s.product) {
			if m.fault != "" {
				x.violated(at, m.fault)
				x.found.trace = append(x.found.trace, t.String())
				return
			}
			next := s
			next.product = m.product
			next.stories[i] = story{local: m.rows, pending: after(pending, n) | m.adds}
			x.reach(next, at, t)
		}
	}
}
