package main

import (
	"strings"
	"testing"
	"time"

	"orderly/internal/cluster"
)

// Half a minute of work in a minute is a quarter of two cores.
func TestSpending_row_tells_the_share_of_the_machine(t *testing.T) {
	t.Parallel()
	began := time.Now()
	before := spending{at: began, cpu: map[string]time.Duration{cluster.Order: time.Hour}, announced: 5}
	after := spending{at: began.Add(time.Minute), cpu: map[string]time.Duration{
		cluster.Order: time.Hour + 20*time.Second, "nats": 10 * time.Second,
	}, announced: 12, touched: 3}
	spent := after.since(before)
	if got, want := spent.together(), 30*time.Second; got != want {
		t.Errorf("spent %v together, want %v", got, want)
	}
	want := "minute 16.67 0.00 0.00 8.33 0.00 25.00 30.00 7 3"
	if got := strings.Join(strings.Fields(spent.row("minute", 2)), " "); got != want {
		t.Errorf("row %q, want %q", got, want)
	}
}
