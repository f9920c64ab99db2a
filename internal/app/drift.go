package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"orderly/pkg/httpkit"
	"orderly/pkg/natsbus"
)

// harmful reports drift with which the promises do not hold: messages that are
// dropped before they were handled, given up, or never come.
func harmful(d natsbus.Drift) bool {
	if d.Consumer != "" {
		switch d.Field {
		case "max_deliver", "ack_policy", "filter_subject", "filter_subjects", "deliver_policy", "opt_start_seq", "opt_start_time":
			return true
		}
		return false
	}
	switch d.Field {
	case "subjects", "discard", "retention", "storage", "max_msg_size", "max_msgs", "max_bytes", "max_msgs_per_subject":
		return true
	}
	return false
}

// compare keeps how the broker differs from what is declared.
func (c *custody) compare(v natsbus.View) {
	d := c.topology.Compare(v)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.difference = d
}

// check is for readiness. It asks nobody: it says what the last look found. Drift
// that harms fails, all other is a warning.
func (c *custody) check(context.Context) error {
	c.mu.Lock()
	d := c.difference
	c.mu.Unlock()
	var bad, odd []string
	for _, m := range d.Missing {
		odd = append(odd, m+" is missing")
	}
	for _, drift := range d.Drift {
		if harmful(drift) {
			bad = append(bad, drift.String())
		} else {
			odd = append(odd, drift.String())
		}
	}
	const remedy = " (see orderly topology diff)"
	if len(bad) > 0 {
		return fmt.Errorf("the promises do not hold: %s%s", strings.Join(append(bad, odd...), "; "), remedy)
	}
	if len(odd) > 0 {
		return httpkit.Warning(errors.New(strings.Join(odd, "; ") + remedy))
	}
	return nil
}
