package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"orderly/internal/client"
)

// dlqListCommand lists dead letters.
type dlqListCommand struct {
	dlqFilter
	State string `help:"Only those that are dead, replaying, replayed, discarded or handled (default: ${default})." enum:"dead,replaying,replayed,discarded,handled" default:"dead" placeholder:"STATE"`
	Limit int    `help:"The most letters to list; 0 lists all (default: ${default})." default:"50" placeholder:"N"`
}

// Validate is called by the parser.
func (c *dlqListCommand) Validate() error {
	if c.Limit < 0 {
		return fmt.Errorf("--limit: %d is negative", c.Limit)
	}
	return c.check()
}

// Run runs the command.
func (c *dlqListCommand) Run(ctx context.Context, s *session) error {
	api, err := s.client(shortPatience)
	if err != nil {
		return err
	}
	defer api.Close()
	filter := c.query()
	filter.State = c.State
	letters := []client.DeadLetter{}
	more := false
	for _, service := range c.services() {
		for l, err := range api.DeadLetters(ctx, service, filter) {
			if err != nil {
				return err
			}
			if more = c.Limit > 0 && len(letters) == c.Limit; more {
				break
			}
			letters = append(letters, l)
		}
	}
	if more {
		s.warn("the first %d; --limit 0 lists all", c.Limit)
	}
	return s.out.print(letters, func(w io.Writer) {
		fmt.Fprintln(w, "LETTER\tSERVICE\tCAUSE\tEVENT\tORDER\tATTEMPTS\tDEAD FOR\tERROR")
		for _, l := range letters {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", l.ID, l.Service, l.Kind, orDash(l.Type), orDash(l.Key), l.Attempts, age(l.DeadAt), brief(l.Error))
		}
	})
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// age is for how long something has been, for a person.
func age(since time.Time) string {
	d := time.Since(since)
	switch {
	case d < time.Minute:
		return d.Round(time.Second).String()
	case d < 48*time.Hour:
		return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

const briefLength = 70

// brief is the first line of a text, if it is short.
func brief(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	if r := []rune(text); len(r) > briefLength {
		text = string(r[:briefLength-1]) + "…"
	}
	return text
}
