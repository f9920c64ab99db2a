package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"orderly/internal/client"
)

// dlqReplayCommand decides dead letters again.
type dlqReplayCommand struct {
	dlqChoice
	DryRun    bool    `help:"Tell what would come of it, and change nothing."`
	Rate      float64 `help:"The most letters in a second; 0 sets no limit." default:"0" placeholder:"R"`
	Ramp      []int   `help:"How many letters to begin with, step by step; then all the rest (default: ${default})." default:"1,10,100" placeholder:"N"`
	KeepGoing bool    `help:"Go on although replays fail again."`
	By        string  `help:"Who replays (default: your name on this system)." placeholder:"NAME"`
	Why       string  `help:"Why it should work now." placeholder:"TEXT"`
}

// Validate is called by the parser.
func (c *dlqReplayCommand) Validate() error {
	if !(c.Rate >= 0 && c.Rate <= 1e6) {
		return fmt.Errorf("--rate: %v is not between 0 and 1000000 letters a second", c.Rate)
	}
	for _, n := range c.Ramp {
		if n < 1 {
			return fmt.Errorf("--ramp: %d is not a number of letters", n)
		}
	}
	return c.dlqChoice.Validate()
}

// replaying is what came of replays.
type replaying struct {
	Letters  int                   `json:"letters"` // that were meant
	Outcomes map[string]int        `json:"outcomes"`
	Left     int                   `json:"left"` // not tried, because others failed
	Failed   []client.LetterResult `json:"failed"`
	Seconds  float64               `json:"seconds"`
}

// Run runs the command.
func (c *dlqReplayCommand) Run(ctx context.Context, s *session) error {
	by, err := actor(c.By)
	if err != nil {
		return err
	}
	api, err := s.patientClient(ctx)
	if err != nil {
		return err
	}
	defer api.Close()
	chosen, err := c.letters(ctx, api)
	if err != nil {
		return err
	}
	began := time.Now()
	r := &replaying{Outcomes: make(map[string]int), Failed: []client.LetterResult{}}
	for _, ids := range chosen {
		r.Letters += len(ids)
	}
	bar := newProgress(s.stderr, "replayed", r.Letters)
	for _, service := range slices.Sorted(maps.Keys(chosen)) {
		err := c.climb(ctx, chosen[service], func(ids []string) error {
			results, err := api.ReplayLetters(ctx, service, client.LetterActionRequest{IDs: ids, By: by, Why: c.Why, DryRun: c.DryRun})
			r.add(results)
			bar.at(r.done())
			if err == nil && len(r.Failed) > 0 && !c.KeepGoing {
				err = errFailing
			}
			return err
		})
		if errors.Is(err, errFailing) {
			break
		}
		if err != nil {
			return fmt.Errorf("after %d of %d letters: %w", r.done(), r.Letters, err)
		}
	}
	bar.end(r.done())
	r.Left, r.Seconds = r.Letters-r.done(), time.Since(began).Seconds()
	if err := s.out.print(r, r.text); err != nil {
		return err
	}
	if len(r.Failed) > 0 {
		return errReported
	}
	return nil
}

// errFailing stops a replay whose letters fail again.
var errFailing = errors.New("replays fail again")

// climb walks through letters in steps that grow, and never faster than the rate.
func (c *dlqReplayCommand) climb(ctx context.Context, ids []string, each func([]string) error) error {
	part := client.MaxLetterIDs
	if c.Rate > 0 {
		part = max(1, min(part, int(c.Rate/5)))
	}
	for _, step := range append(slices.Clone(c.Ramp), len(ids)) {
		n := min(step, len(ids))
		err := inParts(ids[:n], part, func(some []string) error {
			begun := time.Now()
			if err := each(some); err != nil {
				return err
			}
			return c.pace(ctx, begun, len(some))
		})
		if err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// pace waits until so many letters may have been replayed.
func (c *dlqReplayCommand) pace(ctx context.Context, begun time.Time, n int) error {
	if c.Rate == 0 {
		return nil
	}
	due := time.NewTimer(time.Until(begun.Add(time.Duration(float64(n) / c.Rate * float64(time.Second)))))
	defer due.Stop()
	select {
	case <-due.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *replaying) add(results []client.LetterResult) {
	for _, one := range results {
		r.Outcomes[one.Outcome]++
		if one.Outcome == "failed" {
			r.Failed = append(r.Failed, one)
		}
	}
}

func (r *replaying) done() int {
	n := 0
	for _, count := range r.Outcomes {
		n += count
	}
	return n
}

// outcomes are what can come of a letter, in words.
var outcomes = []struct{ outcome, text string }{
	{"replayed", "replayed"},
	{"would_replay", "would be replayed"},
	{"discarded", "discarded"},
	{"published", "published"},
	{"already", "not dead any more, left alone"},
	{"pending", "not through yet: look at them later"},
	{"unknown", "unknown"},
	{"failed", "failed"},
}

const failuresShown = 10

func (r *replaying) text(w io.Writer) {
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
		fmt.Fprintf(w, "not tried\t%d, because replays fail again; --keep-going tries them\n", r.Left)
	}
}
