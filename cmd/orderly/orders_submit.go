package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"orderly/internal/client"
	"orderly/internal/shop"
)

// ordersSubmitCommand places the orders of a file.
type ordersSubmitCommand struct {
	File        string  `arg:"" help:"File with one order a line, as JSON. The field invoice is the idempotency key; fields that orders do not have become metadata."`
	Concurrency int     `help:"How many orders are under way at once." default:"32" placeholder:"N"`
	Rate        float64 `help:"The most orders begun in a second; 0 sets no limit." default:"0" placeholder:"R"`
	Wait        bool    `help:"Wait until all accepted orders have ended, and tell how."`
}

const maxConcurrency = 512

// Validate is called by the parser.
func (c *ordersSubmitCommand) Validate() error {
	if c.Concurrency < 1 || c.Concurrency > maxConcurrency {
		return fmt.Errorf("--concurrency: %d is not between 1 and %d", c.Concurrency, maxConcurrency)
	}
	if !(c.Rate >= 0 && c.Rate <= 1e6) {
		return fmt.Errorf("--rate: %v is not between 0 and 1000000 orders a second", c.Rate)
	}
	return nil
}

// submission is what became of a file of orders.
type submission struct {
	Accepted int             `json:"accepted"` // by the system, of which
	Replayed int             `json:"replayed"` // were accepted before
	Orders   []acceptedOrder `json:"orders"`
	Refused  []shop.Refusal  `json:"refused"`
	Outcome  *outcome        `json:"outcome,omitempty"`
}

type acceptedOrder struct {
	Line    int    `json:"line"`
	Invoice string `json:"invoice,omitempty"`
	OrderID string `json:"order_id"`
}

func (s *submission) add(line shop.Submitted) {
	if line.Refusal != nil {
		s.Refused = append(s.Refused, *line.Refusal)
		return
	}
	s.Accepted++
	if line.Replayed {
		s.Replayed++
	}
	s.Orders = append(s.Orders, acceptedOrder{Line: line.Line, Invoice: line.Invoice, OrderID: line.OrderID})
}

func (s *submission) ids() []string {
	ids := make([]string, len(s.Orders))
	for i, o := range s.Orders {
		ids[i] = o.OrderID
	}
	return ids
}

// Run runs the command.
func (c *ordersSubmitCommand) Run(ctx context.Context, s *session) error {
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
	bar := newProgress(s.stderr, "orders", 0)
	result, err := submit(ctx, api, shop.NewOrderReader(f, filepath.Base(c.File)), bar, c.options(bar))
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, badInput(err))
	}
	if c.Wait {
		ended, err := await(ctx, s, api, result.ids())
		if err != nil {
			return err
		}
		result.Outcome = &ended
	}
	if err := s.out.print(result, result.text); err != nil {
		return err
	}
	if len(result.Refused) > 0 {
		return errReported
	}
	return nil
}

// options report each refusal as it comes.
func (c *ordersSubmitCommand) options(bar *progress) shop.SubmitOptions {
	return shop.SubmitOptions{Concurrency: c.Concurrency, PerSecond: c.Rate, Done: func(line shop.Submitted) {
		if line.Refusal != nil {
			bar.say(line.Refusal.String())
		}
	}}
}

// submit places orders and shows how it goes.
func submit(ctx context.Context, api *client.Client, orders *shop.OrderReader, bar *progress, o shop.SubmitOptions) (submission, error) {
	result := submission{Orders: []acceptedOrder{}, Refused: []shop.Refusal{}}
	tell := o.Done
	o.Done = func(line shop.Submitted) {
		result.add(line)
		if tell != nil {
			tell(line)
		}
		bar.at(result.Accepted + len(result.Refused))
	}
	err := shop.Submit(ctx, api, orders, o)
	if err == nil {
		bar.end(result.Accepted)
	}
	return result, err
}

func (s *submission) text(w io.Writer) {
	fmt.Fprintf(w, "%d orders accepted, %d of them before, %d lines refused\n", s.Accepted, s.Replayed, len(s.Refused))
	if s.Outcome != nil {
		s.Outcome.text(w)
	}
}
