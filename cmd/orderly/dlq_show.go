package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"orderly/internal/client"
)

// dlqShowCommand shows one dead letter.
type dlqShowCommand struct {
	ID      string `arg:"" help:"The letter's id."`
	Service string `help:"The service whose letter it is, if it is asked directly." enum:"any,order,inventory,payment" default:"any" placeholder:"SERVICE"`
}

// Validate is called by the parser.
func (c *dlqShowCommand) Validate() error { return checkLetterIDs([]string{c.ID}) }

// Run runs the command.
func (c *dlqShowCommand) Run(ctx context.Context, s *session) error {
	api, err := s.client(shortPatience)
	if err != nil {
		return err
	}
	defer api.Close()
	l, err := findLetter(ctx, api, dlqFilter{Service: c.Service}.services(), c.ID)
	if err != nil {
		return err
	}
	return s.out.print(l, func(w io.Writer) { letterText(w, l) })
}

func letterText(w io.Writer, l client.DeadLetterDetails) {
	fmt.Fprintf(w, "letter\t%s\nstate\t%s\n", l.ID, stateText(l))
	fmt.Fprintf(w, "what failed\t%s %s\n", orDash(l.Type), l.EventID)
	if l.Key != "" {
		fmt.Fprintf(w, "about order\t%s\n", l.Key)
	}
	fmt.Fprintf(w, "where\tthe service %s, consumer %s, on %s\n", l.Service, l.Consumer, l.Subject)
	fmt.Fprintf(w, "why\t%s\n", causes[l.Kind].meaning)
	for i, line := range strings.Split(l.Error, "\n") {
		fmt.Fprintf(w, "%s\t%s\n", []string{"error", ""}[min(i, 1)], strings.TrimSpace(line))
	}
	fmt.Fprintf(w, "correlation\t%s\n", orDash(l.CorrelationID))
	fmt.Fprintf(w, "attempts\t%d, the first on %s\n", l.Attempts, l.FirstAt.Format(time.RFC3339))
	for _, a := range l.History {
		fmt.Fprintf(w, "  %s\t%s\n", a.At.Format(time.RFC3339Nano), brief(a.Error))
	}
	for _, a := range l.Actions {
		fmt.Fprintf(w, "%s by %s\t%s: %s%s%s\n", a.Action, a.By, a.At.Format(time.RFC3339), a.Outcome, prefixed(", ", brief(a.Detail)), prefixed(", because: ", a.Why))
	}
	fmt.Fprintf(w, "message\t%d bytes\n", len(l.Data))
	for _, name := range slices.Sorted(maps.Keys(l.Headers)) {
		fmt.Fprintf(w, "  %s\t%s\n", name, strings.Join(l.Headers[name], ", "))
	}
	fmt.Fprintf(w, "  payload\t%s\n", payloadText(l.Data))
	if l.State == "dead" {
		fmt.Fprintf(w, "what to do\t%s\n", causes[l.Kind].remedy)
		if l.Kind != "killed_process" { // which a rehearsal would handle too
			fmt.Fprintf(w, "  would it work now?\torderly dlq replay %s --dry-run\n", l.ID)
		}
		fmt.Fprintf(w, "  try it\torderly dlq replay %s --why '…'\n", l.ID)
		fmt.Fprintf(w, "  give it up\torderly dlq discard %s --why '…'\n", l.ID)
	}
}

func stateText(l client.DeadLetterDetails) string {
	switch l.State {
	case "dead":
		return "dead for " + age(l.DeadAt)
	case "handled":
		return "handled: the event came again by itself on " + l.ChangedAt.Format(time.RFC3339) + " and was handled then"
	case "replaying":
		return "replaying: it has had its effect, and what that led to is being published, or a call is under way"
	}
	return l.State + " on " + l.ChangedAt.Format(time.RFC3339)
}

func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}

const payloadShown = 2000

func payloadText(data []byte) string {
	if !utf8.Valid(data) || len(data) > payloadShown {
		return "not shown, `orderly dlq export` has it"
	}
	return strings.Join(strings.Fields(string(data)), " ")
}

// causes are what the kinds of dead letters mean, and what helps.
var causes = map[string]struct{ meaning, remedy string }{
	"undecodable": {
		"undecodable: the message is no event, or not one that fits its schema",
		"find out who sends it. Replay it once the service reads it, with a newer build; what is noise is discarded",
	},
	"refused": {
		"refused: the service says that trying again is no use",
		"the event contradicts what the service knows. Mend what the error names, then replay it",
	},
	"attempts_exhausted": {
		"attempts exhausted: it failed as often as it may be tried",
		"mend what the error names, then replay it",
	},
	"panic": {
		"panic: the service's code broke on it, in the place below",
		"this is a fault of the program. Replay it once a build is in place that has it mended",
	},
	"killed_process": {
		"killed process: the processes that had it in hand ended without an answer",
		"look for what ended them (memory, stack) in their logs. Replay it, alone, once a build is in place that survives it: a replay may end the process",
	},
}
