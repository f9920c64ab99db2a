package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"orderly/internal/client"
	"orderly/internal/shop"
)

// productsLoadCommand loads a catalogue.
type productsLoadCommand struct {
	File string `arg:"" help:"CSV file with the columns product_id, name, currency, unit_price_minor and stock."`
}

// loadResult is what products load prints.
type loadResult struct {
	Products int            `json:"products"`
	Again    int            `json:"stock_added_before"`
	Refused  []shop.Refusal `json:"refused"`
}

// Run runs the command.
func (c *productsLoadCommand) Run(ctx context.Context, s *session) error {
	f, err := openInput(c.File)
	if err != nil {
		return err
	}
	defer f.Close()
	api, err := s.patientClient(ctx)
	if err != nil {
		return err
	}
	defer api.Close()
	loaded, err := load(ctx, s, api, f)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	result := loadResult{Products: loaded.Products, Again: loaded.Again, Refused: orEmpty(loaded.Refused)}
	err = s.out.print(result, func(w io.Writer) {
		fmt.Fprintf(w, "%d products loaded, %d lines refused\n", loaded.Products, len(loaded.Refused))
		if loaded.Again > 0 {
			fmt.Fprintf(w, "the stock of %d had been added from this file before, and was not added again\n", loaded.Again)
		}
	})
	if err == nil && len(loaded.Refused) > 0 {
		return errReported
	}
	return err
}

// load loads a catalogue and shows how it goes.
func load(ctx context.Context, s *session, api *client.Client, catalogue io.ReadSeeker) (shop.Loaded, error) {
	bar := newProgress(s.stderr, "products", 0)
	reported := 0
	loaded, err := shop.Load(ctx, api, catalogue, func(l shop.Loaded) {
		for ; reported < len(l.Refused); reported++ {
			bar.say(l.Refused[reported].String())
		}
		bar.at(l.Products + len(l.Refused))
	})
	if err != nil {
		return loaded, badInput(err)
	}
	bar.end(loaded.Products)
	return loaded, nil
}

// badInput tells a file that is at fault from a system that is.
func badInput(err error) error {
	var format *shop.FormatError
	var file *fs.PathError
	if errors.As(err, &format) || errors.As(err, &file) || errors.Is(err, os.ErrInvalid) {
		return usageError{err}
	}
	return err
}

// orEmpty makes sure that JSON shows an empty list, not null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
