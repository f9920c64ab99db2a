package main

import (
	"strings"
	"testing"
	"time"
)

func TestProgress_off_a_terminal_is_a_line_now_and_then(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	p := newProgress(&out, "orders", 200)
	p.at(10) // too soon
	p.shown = time.Now().Add(-lineEvery)
	p.at(50)
	p.at(60) // too soon again
	p.say("line 7: bad")
	if got, want := out.String(), "orders: 50 of 200\nline 7: bad\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	p.end(200)
	if got := out.String(); !strings.Contains(got, "orders: 200 in ") || strings.ContainsAny(got, "\r\x1b") {
		t.Errorf("got %q, want no control characters", got)
	}
}

func TestProgress_bar(t *testing.T) {
	t.Parallel()
	p := &progress{what: "orders", total: 200}
	for done, filled := range map[int]int{0: 0, 100: 15, 200: 30, 500: 30} {
		if got := strings.Count(p.bar(done), "#"); got != filled {
			t.Errorf("%d of 200: %d filled, want %d", done, got, filled)
		}
	}
	if got := (&progress{what: "orders"}).bar(7); got != "orders: 7" {
		t.Errorf("without a total: got %q", got)
	}
}
