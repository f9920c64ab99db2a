package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"orderly/internal/adoption"
)

// schemaReadersCommand shows who reads which version of an event.
type schemaReadersCommand struct {
	Event string `arg:"" help:"Name of the event, as orders.created."`
}

// Run runs the command.
func (c *schemaReadersCommand) Run(ctx context.Context, s *session) error {
	if !slices.ContainsFunc(knownNames(), func(known string) bool { return strings.HasPrefix(known, c.Event+".v") }) {
		return usage("this build knows no event %s; it knows %s", c.Event, strings.Join(knownNames(), ", "))
	}
	api, err := s.client(shortPatience)
	if err != nil {
		return err
	}
	defer api.Close()
	state, err := api.Versions(ctx, c.Event)
	if err != nil {
		return err
	}
	return s.out.print(state, func(w io.Writer) { readersText(w, state) })
}

func readersText(w io.Writer, s adoption.State) {
	fmt.Fprintln(w, "VERSION\tIN USE\tFIRST PUBLISHED\tLAST PUBLISHED")
	for _, v := range s.Versions {
		use := "yes"
		if v.Retired {
			use = "retired"
		}
		fmt.Fprintf(w, "%s.v%d\t%s\t%s\t%s\n", s.Event, v.Version, use, orNever(v.First), orNever(v.Last))
	}
	for _, speaker := range s.Speakers {
		fmt.Fprintf(w, "said by\t%s of %s\t%s\n", speaker.Instance, speaker.Service, versionsText(speaker.Versions))
	}
	fmt.Fprintln(w, "\nVERSION\tSERVICE\tCONSUMER\tINSTANCES\tLAST SEEN\tLAG")
	for _, r := range s.Readers {
		fmt.Fprintf(w, "v%d\t%s\t%s\t%s\t%s\t%s\n", r.Version, orDash(r.Service), r.Consumer, instancesOf(r), orNever(r.LastSeen), r.Lag)
	}
}

func versionsText(versions []int) string {
	texts := make([]string, len(versions))
	for i, v := range versions {
		texts[i] = fmt.Sprintf("v%d", v)
	}
	return strings.Join(texts, " ")
}

func instancesOf(r adoption.Reader) string {
	switch {
	case len(r.Instances) > 0:
		return strings.Join(r.Instances, " ")
	case r.Pulls > 0:
		return "pulls"
	case r.Left:
		return "left behind"
	}
	return "nobody"
}

func orNever(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format(time.RFC3339)
}
