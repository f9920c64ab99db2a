package main

import (
	"context"
	"fmt"
	"io"

	"orderly/internal/contract"
)

// schemaCheckCommand is the gate.
type schemaCheckCommand struct {
	contractFlags
	Against string `help:"Compare with an older state as well: a folder, or a revision of git." placeholder:"DIR|REV"`
}

// shownCheck is a judgement as it is printed.
type shownCheck struct {
	Passed   bool               `json:"passed"`
	Findings []contract.Finding `json:"findings"`
}

// Run runs the command.
func (c *schemaCheckCommand) Run(ctx context.Context, s *session) error {
	now, err := c.load()
	if err != nil {
		return err
	}
	var older *contract.Folder
	if c.Against != "" {
		files, err := olderState(ctx, c.Dir, c.Against)
		if err != nil {
			return err
		}
		folder, err := contract.Load(files)
		if err != nil {
			return usage("--against %s: %w", c.Against, err)
		}
		older = &folder
	}
	findings := contract.Check(now, older)
	shown := shownCheck{Passed: !contract.Failed(findings), Findings: findings}
	if err := s.out.print(shown, shown.text); err != nil {
		return err
	}
	if !shown.Passed {
		return errReported
	}
	return nil
}

func (c shownCheck) text(w io.Writer) {
	for _, f := range c.Findings {
		state := f.State
		if f.Verdict != "" {
			state += fmt.Sprintf(", seen from %s: %s", f.Against, f.Verdict)
		}
		fmt.Fprintf(w, "%s\t%s\n", f.Version, state)
		changesText(w, "  ", f.Changes)
		for _, fault := range f.Faults {
			fmt.Fprintf(w, "  refused: %s\n", fault)
		}
	}
	if c.Passed {
		fmt.Fprintln(w, "passed: what was published is as it was")
	}
}
