package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"orderly/internal/client"
)

// dlqReplayCommand decides dead letters again.
type dlqReplayCommand struct {
	dlqChoice
	DryRun    bool          `help:"Tell what would come of it, and change nothing."`
	Rate      float64       `help:"The most letters in a second; 0 sets no limit." default:"0" placeholder:"R"`
	Ramp      []int         `help:"How many letters to begin with, step by step; then all the rest (default: ${default})." default:"1,10,100" placeholder:"N"`
	KeepGoing bool          `help:"Go on although replays fail again, or do not finish."`
	Wait      time.Duration `help:"Wait up to this long for replays that are under way, as for a payment, before more are begun (default: ${default})." default:"30s" placeholder:"TIME"`
	act
}

// Validate is called by the parser.
func (c *dlqReplayCommand) Validate() error {
	if !(c.Rate >= 0 && c.Rate <= 1e6) {
		return fmt.Errorf("--rate: %v is not between 0 and 1000000 letters a second", c.Rate)
	}
	if c.Wait < 0 {
		return fmt.Errorf("--wait: %s is negative", c.Wait)
	}
	for _, n := range c.Ramp {
		if n < 1 {
			return fmt.Errorf("--ramp: %d is not a number of letters", n)
		}
	}
	return c.dlqChoice.Validate()
}

// Run runs the command.
func (c *dlqReplayCommand) Run(ctx context.Context, s *session) error {
	by, err := c.note()
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
	r := &treated{Outcomes: make(map[string]int), Failed: []client.LetterResult{}}
	for _, ids := range chosen {
		r.Letters += len(ids)
	}
	var mu sync.Mutex // guards r and bar
	bar := newProgress(s.stderr, "replayed", r.Letters)
	for _, service := range slices.Sorted(maps.Keys(chosen)) {
		err := c.climb(ctx, chosen[service], func(ids []string) error {
			results, err := api.ReplayLetters(ctx, service, client.LetterActionRequest{IDs: ids, Note: by, DryRun: c.DryRun})
			if err == nil && !c.DryRun {
				err = c.finish(ctx, api, service, results)
			}
			mu.Lock()
			defer mu.Unlock()
			r.add(results)
			bar.at(r.done())
			if err == nil && !c.KeepGoing {
				err = r.stuck()
			}
			return err
		})
		if errors.Is(err, errFailing) || errors.Is(err, errUnfinished) {
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
	if len(r.Failed) > 0 || r.Left > 0 {
		return errReported
	}
	return nil
}

var (
	// errFailing stops a replay whose letters fail again.
	errFailing = errors.New("replays fail again")
	// errUnfinished stops one whose letters wait for something, as for a gateway that
	// is away: more of them would wait with them.
	errUnfinished = errors.New("replays do not finish")
)

// stuck is why no more letters are to be replayed, nil if they are.
func (r *treated) stuck() error {
	switch {
	case len(r.Failed) > 0:
		return errFailing
	case r.Outcomes[pending] > 0:
		return errUnfinished
	}
	return nil
}

// finish waits until the replays are through that nobody waited for, or the time is
// up, and replaces their results by what came of them.
func (c *dlqReplayCommand) finish(ctx context.Context, api *client.Client, service string, results []client.LetterResult) error {
	timeUp := time.NewTimer(c.Wait)
	defer timeUp.Stop()
	again := time.NewTicker(replayPoll)
	defer again.Stop()
	for i := range results {
		for results[i].Outcome == pending {
			select {
			case <-again.C:
			case <-timeUp.C:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			l, err := api.DeadLetter(ctx, service, results[i].ID)
			if err != nil {
				return err
			}
			switch l.State {
			case "replaying":
			case "dead":
				results[i].Outcome, results[i].Detail = "failed", l.Error
			default:
				results[i].Outcome, results[i].Detail = "replayed", ""
			}
		}
	}
	return nil
}

// replayPoll is how often to ask for a letter that is being replayed.
const replayPoll = 200 * time.Millisecond

// replayConcurrency is how many requests are under way once the ramp is climbed.
const replayConcurrency = 4

// climb walks through letters in steps that grow, one request at a time, and then
// through the rest with several, unless there is a rate to keep.
func (c *dlqReplayCommand) climb(ctx context.Context, ids []string, each func([]string) error) error {
	part, atOnce := client.MaxLetterIDs, replayConcurrency
	if c.Rate > 0 {
		part, atOnce = max(1, min(part, int(c.Rate/5))), 1
	}
	paced := func(some []string) error {
		begun := time.Now()
		if err := each(some); err != nil {
			return err
		}
		return c.pace(ctx, begun, len(some))
	}
	for _, step := range c.Ramp {
		n := min(step, len(ids))
		if err := inParts(ids[:n], part, paced); err != nil {
			return err
		}
		ids = ids[n:]
	}
	rest, stop := errgroup.WithContext(ctx)
	rest.SetLimit(atOnce)
	err := inParts(ids, part, func(some []string) error {
		if stop.Err() != nil {
			return stop.Err()
		}
		rest.Go(func() error { return paced(some) })
		return nil
	})
	return cmp.Or(rest.Wait(), err)
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
