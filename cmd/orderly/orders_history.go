package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"orderly/internal/client"
)

// ordersHistoryCommand shows all that happened to an order.
type ordersHistoryCommand struct {
	ID string `arg:"" help:"The order's id."`
	apart
}

// historyShown is an order's history as it is printed.
type historyShown struct {
	Events  []client.Event  `json:"events"`
	Actions []client.Action `json:"actions"`
	Refunds []client.Credit `json:"refunds"` // by hand
}

// Run runs the command.
func (c *ordersHistoryCommand) Run(ctx context.Context, s *session) error {
	api, err := c.clients(s)
	if err != nil {
		return err
	}
	defer api.Close()
	var shown historyShown
	if shown.Events, err = api.order.Events(ctx, c.ID); err != nil {
		return err
	}
	if shown.Actions, err = api.order.Actions(ctx, c.ID); err != nil {
		return err
	}
	p, err := known(api.payment.Payment(ctx, c.ID))
	if err != nil {
		return err
	}
	if p != nil {
		shown.Refunds = p.Credits
	}
	shown.Events, shown.Actions, shown.Refunds = orEmpty(shown.Events), orEmpty(shown.Actions), orEmpty(shown.Refunds)
	return s.out.print(shown, shown.text)
}

// text prints everything in the order in which it happened, what somebody did
// before what became of it at once.
func (h historyShown) text(w io.Writer) {
	type line struct {
		at   time.Time
		text string
	}
	var lines []line
	for _, a := range h.Actions {
		lines = append(lines, line{a.At, fmt.Sprintf("%s\t%s", timeOf(a.At), doneBy(a.Kind, a.By, a.Why))})
	}
	for _, c := range h.Refunds {
		what := fmt.Sprintf("refund of %s, %s", money(c.AmountMinor, c.Currency), c.State)
		if c.Refusal != "" {
			what += " (" + c.Refusal + ")"
		}
		lines = append(lines, line{c.AskedAt, fmt.Sprintf("%s\t%s", timeOf(c.AskedAt), doneBy(what, c.By, c.Why))})
	}
	for _, e := range h.Events {
		lines = append(lines, line{e.Time, eventLine(e)})
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.at.Compare(b.at) })
	for _, l := range lines {
		fmt.Fprintln(w, l.text)
	}
}

func doneBy(what, by, why string) string {
	return strings.TrimSuffix(fmt.Sprintf("%s, by %s: %s", what, by, why), ": ")
}

func timeOf(t time.Time) string { return t.Format(time.RFC3339Nano) }

func eventLine(e client.Event) string {
	return fmt.Sprintf("%s\t%s v%d, because of %s", timeOf(e.Time), e.Name, e.Version, e.Cause)
}
