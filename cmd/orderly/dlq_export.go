package main

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"orderly/internal/client"
)

// dlqExportCommand prints dead letters as JSON Lines.
type dlqExportCommand struct{ dlqChoice }

const exportConcurrency = 8

// Run runs the command.
func (c *dlqExportCommand) Run(ctx context.Context, s *session) error {
	api, err := s.patientClient(ctx)
	if err != nil {
		return err
	}
	defer api.Close()
	chosen, err := c.letters(ctx, api)
	if err != nil {
		return err
	}
	lines := json.NewEncoder(s.out.to)
	lines.SetEscapeHTML(false)
	for _, service := range slices.Sorted(maps.Keys(chosen)) {
		err := inParts(chosen[service], client.MaxLetterIDs, func(ids []string) error {
			letters, err := fetchLetters(ctx, api, service, ids)
			if err != nil {
				return err
			}
			for i := range letters {
				if err := lines.Encode(letters[i]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// fetchLetters returns letters in the order of their ids.
func fetchLetters(ctx context.Context, api *client.Client, service string, ids []string) ([]client.DeadLetterDetails, error) {
	letters := make([]client.DeadLetterDetails, len(ids))
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(exportConcurrency)
	for i, id := range ids {
		all.Go(func() (err error) {
			letters[i], err = api.DeadLetter(ctx, service, id)
			return err
		})
	}
	return letters, all.Wait()
}
