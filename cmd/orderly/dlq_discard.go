package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"orderly/internal/client"
)

// dlqDiscardCommand gives dead letters up.
type dlqDiscardCommand struct {
	dlqChoice
	By  string `help:"Who gives them up (default: your name on this system)." placeholder:"NAME"`
	Why string `help:"Why they are never to be handled." required:"" placeholder:"TEXT"`
}

// Validate is called by the parser.
func (c *dlqDiscardCommand) Validate() error {
	if strings.TrimSpace(c.Why) == "" {
		return errors.New("--why: give the reason, what is discarded is never handled")
	}
	return c.dlqChoice.Validate()
}

// Run runs the command.
func (c *dlqDiscardCommand) Run(ctx context.Context, s *session) error {
	by, err := actor(c.By)
	if err != nil {
		return err
	}
	return c.dlqChoice.each(ctx, s, func(api *client.Client, service string, ids []string) ([]client.LetterResult, error) {
		return api.DiscardLetters(ctx, service, client.LetterActionRequest{IDs: ids, By: by, Why: c.Why})
	})
}

// each does something about all letters of a choice, and prints what came of it.
func (c dlqChoice) each(ctx context.Context, s *session, do func(api *client.Client, service string, ids []string) ([]client.LetterResult, error)) error {
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
			results, err := do(api, service, ids)
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
