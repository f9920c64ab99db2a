package main

import (
	"fmt"
	"strings"
	"time"

	"orderly/internal/cluster"
)

// spending is what the parts of the system have cost, and for what.
type spending struct {
	at        time.Time
	lasted    time.Duration            // between two of them, see since
	cpu       map[string]time.Duration // by part
	announced int64                    // times that open orders were announced since their last progress
	touched   int64                    // times that the clock wrote an order, to announce it or to put it off
}

// parts are the columns of a table.
func parts() []string {
	return []string{cluster.Order, cluster.Inventory, cluster.Payment, "nats", "postgres"}
}

func (s spending) since(before spending) spending {
	d := spending{
		at:        s.at,
		lasted:    s.at.Sub(before.at),
		cpu:       make(map[string]time.Duration),
		announced: s.announced - before.announced,
		touched:   s.touched - before.touched,
	}
	for _, part := range parts() {
		d.cpu[part] = s.cpu[part] - before.cpu[part]
	}
	return d
}

func (s spending) together() (sum time.Duration) {
	for _, part := range s.cpu {
		sum += part
	}
	return sum
}

func spendingHeader() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-12s", "% of machine")
	for _, part := range parts() {
		fmt.Fprintf(&b, " %9s", part)
	}
	fmt.Fprintf(&b, " %9s %9s %9s %9s", "together", "CPU s", "announced", "touched")
	return b.String()
}

// row tells the cost in per cent of all cores.
func (s spending) row(name string, cores int) string {
	machine := s.lasted * time.Duration(cores)
	share := func(d time.Duration) float64 { return 100 * d.Seconds() / machine.Seconds() }
	var b strings.Builder
	fmt.Fprintf(&b, "%-12s", name)
	for _, part := range parts() {
		fmt.Fprintf(&b, " %9.2f", share(s.cpu[part]))
	}
	fmt.Fprintf(&b, " %9.2f %9.2f %9d %9d", share(s.together()), s.together().Seconds(), s.announced, s.touched)
	return b.String()
}
