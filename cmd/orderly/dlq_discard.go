package main

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"orderly/internal/client"
)

// dlqDiscardCommand gives dead letters up.
type dlqDiscardCommand struct {
	dlqChoice
	act
}

// Validate is called by the parser.
func (c *dlqDiscardCommand) Validate() error { return cmp.Or(c.reasoned(), c.dlqChoice.Validate()) }

// Run runs the command.
func (c *dlqDiscardCommand) Run(ctx context.Context, s *session) error {
	return c.each(ctx, s, c.act, (*client.Client).DiscardLetters)
}

// each does something about all letters of a choice, and prints what came of it.
func (c dlqChoice) each(ctx context.Context, s *session, a act, do func(*client.Client, context.Context, string, client.LetterActionRequest) ([]client.LetterResult, error)) error {
	by, err := a.note()
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
	r := &treated{Outcomes: make(map[string]int), Failed: []client.LetterResult{}}
	for _, service := range slices.Sorted(maps.Keys(chosen)) {
		r.Letters += len(chosen[service])
		err := inParts(chosen[service], client.MaxLetterIDs, func(ids []string) error {
			results, err := do(api, ctx, service, client.LetterActionRequest{IDs: ids, Note: by})
			r.add(results)
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := s.out.print(r, r.text); err != nil {
		return err
	}
	if len(r.Failed) > 0 {
		return errReported
	}
	return nil
}
