package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// peer is one system to measure.
type peer struct {
	name    string // as it was asked for and the table calls it
	program string
	args    []string
	orders  int
	kind    kind
}

// kind is what a peer needs around it.
type kind int

const (
	alternative kind = iota
	product          // Orderly in three processes
	embedded         // Orderly in one, with its own broker and databases
	bare             // the floor without HTTP and client
)

// programs are the folders below cmd that can be named, and the short names
// for one with flags.
func programs() map[string]peer {
	return map[string]peer{
		"floor":          {program: "floor"},
		"floor-self":     {program: "floor", kind: bare},
		"seedguide":      {program: "seedguide"},
		"watermill":      {program: "watermill"},
		"temporal":       {program: "temporal"},
		"orderly":        {program: "orderly", kind: product},
		"orderly-single": {program: "orderly", kind: product, args: []string{"-max-inputs=1"}},
		"orderly-sqlite": {program: "orderly", kind: embedded, args: []string{"-embedded"}},
	}
}

// plan reads what is to be run.
func (s settings) plan() ([]peer, error) {
	var out []peer
	for _, text := range s.peers {
		p, err := s.peer(text)
		if err != nil {
			return nil, fmt.Errorf("-peers: %s: %w", text, err)
		}
		out = append(out, p)
	}
	return out, nil
}

func (s settings) peer(text string) (peer, error) {
	name, orders, own := strings.Cut(text, "@")
	words := strings.Split(name, ",")
	p, ok := programs()[words[0]]
	if !ok {
		return p, fmt.Errorf("there is no such peer")
	}
	p.name, p.orders = name, s.orders
	p.args = append(slices.Clone(p.args), words[1:]...)
	if own {
		n, err := strconv.Atoi(orders)
		if err != nil || n < 1 {
			return p, fmt.Errorf("%q is not a number of orders", orders)
		}
		p.orders = min(n, s.orders)
	}
	return p, nil
}

// runsIn reports whether a mode of NATS makes a row of its own: the embedded
// broker always syncs.
func (p peer) runsIn(mode string, modes []string) bool {
	return p.kind != embedded || mode == "always" || len(modes) == 1
}
