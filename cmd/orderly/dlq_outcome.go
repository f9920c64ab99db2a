package main

import (
	"fmt"
	"io"
	"strings"

	"orderly/internal/client"
)

// treated is what came of letters that something was done about.
type treated struct {
	Letters  int                   `json:"letters"` // that were meant
	Outcomes map[string]int        `json:"outcomes"`
	Left     int                   `json:"left"` // not tried, because others failed
	Failed   []client.LetterResult `json:"failed"`
	Seconds  float64               `json:"seconds"`
}

func (r *treated) add(results []client.LetterResult) {
	for _, one := range results {
		r.Outcomes[one.Outcome]++
		if one.Outcome == "failed" {
			r.Failed = append(r.Failed, one)
		}
	}
}

func (r *treated) done() int {
	n := 0
	for _, count := range r.Outcomes {
		n += count
	}
	return n
}

// pending is the outcome of letters that nobody has waited for to the end.
const pending = "pending"

// outcomes are what can come of a letter, in words.
var outcomes = []struct{ outcome, text string }{
	{"replayed", "replayed"},
	{"would_replay", "would be replayed"},
	{"discarded", "discarded"},
	{"published", "published"},
	{"already", "not dead any more, left alone"},
	{pending, "not through yet: look at them later"},
	{"unknown", "unknown"},
	{"failed", "failed"},
}

const failuresShown = 10

func (r *treated) text(w io.Writer) {
	if r.Letters == 0 {
		fmt.Fprintln(w, "no letter fits")
		return
	}
	for _, o := range outcomes {
		if n := r.Outcomes[o.outcome]; n > 0 {
			fmt.Fprintf(w, "%s\t%d\n", o.text, n)
		}
	}
	for i, f := range r.Failed {
		if i == failuresShown {
			fmt.Fprintf(w, "  and %d more\n", len(r.Failed)-i)
			break
		}
		fmt.Fprintf(w, "  %s\t%s\n", f.ID, brief(strings.TrimSpace(f.Detail)))
	}
	if r.Left > 0 {
		fmt.Fprintf(w, "not tried\t%d, because %s; --keep-going tries them\n", r.Left, r.stuck())
	}
}
