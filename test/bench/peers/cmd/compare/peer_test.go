package main

import (
	"slices"
	"testing"
)

func TestSettings_plan(t *testing.T) {
	t.Parallel()
	s := settings{orders: 5000, peers: []string{"floor", "orderly-single@300", "seedguide,-workers=16@9000"}}
	got, err := s.plan()
	if err != nil {
		t.Fatal(err)
	}
	want := []peer{
		{name: "floor", program: "floor", orders: 5000},
		{name: "orderly-single", program: "orderly", kind: product, args: []string{"-max-inputs=1"}, orders: 300},
		{name: "seedguide,-workers=16", program: "seedguide", args: []string{"-workers=16"}, orders: 5000},
	}
	for i, w := range want {
		g := got[i]
		if g.name != w.name || g.program != w.program || g.kind != w.kind || g.orders != w.orders || !slices.Equal(g.args, w.args) {
			t.Errorf("%s: got %+v, want %+v", s.peers[i], g, w)
		}
	}
	for _, bad := range []string{"nobody", "floor@", "floor@none", "floor@0"} {
		s.peers = []string{bad}
		if got, err := s.plan(); err == nil {
			t.Errorf("%s: got %+v, want it refused", bad, got)
		}
	}
}
