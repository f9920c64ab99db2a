package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"orderly/internal/client"
	"orderly/internal/shop"
)

// ordersSubmitCommand places the orders of a file.
type ordersSubmitCommand struct {
	File        string  `arg:"" help:"File with one order a line, as JSON. The field invoice is the idempotency key; fields that orders do not have become metadata."`
	Concurrency int     `help:"How many orders are under way at once (default: ${default})." default:"32" placeholder:"N"`
	Priority    string  `help:"Priority of the orders whose lines name none: standard or express." enum:",standard,express" default:"" placeholder:"PRIORITY"`
	Rate        float64 `help:"The most orders begun in a second; 0 sets no limit." default:"0" placeholder:"R"`
	Wait        bool    `help:"Wait until all accepted orders have ended, and tell how."`
}

const maxConcurrency = 512

func checkConcurrency(n int) error {
	if n < 1 || n > maxConcurrency {
		return fmt.Errorf("--concurrency: %d is not between 1 and %d", n, maxConcurrency)
	}
	return nil
}

// Validate is called by the parser.
func (c *ordersSubmitCommand) Validate() error {
	if err := checkConcurrency(c.Concurrency); err != nil {
		return err
	}
	if !(c.Rate >= 0 && c.Rate <= 1e6) {
		return fmt.Errorf("--rate: %v is not between 0 and 1000000 orders a second", c.Rate)
	}
	return nil
}

// submission is what became of a file of orders.
type submission struct {
	Accepted   int             `json:"accepted"` // by the system, of which
	Replayed   int             `json:"replayed"` // were accepted before
	Orders     []acceptedOrder `json:"orders"`
	Refused    []shop.Refusal  `json:"refused"`
	Unanswered []int           `json:"unanswered"` // lines of which nobody knows whether they were accepted
	Outcome    *outcome        `json:"outcome,omitempty"`
}

type acceptedOrder struct {
	Line     int    `json:"line"`
	Invoice  string `json:"invoice,omitempty"`
	OrderID  string `json:"order_id"`
	Replayed bool   `json:"replayed"`
}

func (s *submission) add(line shop.Submitted) {
	switch {
	case line.Refusal != nil:
		s.Refused = append(s.Refused, *line.Refusal)
		return
	case line.Unanswered:
		s.Unanswered = append(s.Unanswered, line.Line)
		return
	case line.Replayed:
		s.Replayed++
	}
	s.Accepted++
	s.Orders = append(s.Orders, acceptedOrder{Line: line.Line, Invoice: line.Invoice, OrderID: line.OrderID, Replayed: line.Replayed})
}

// ids returns each order once, however many lines are about it, and those that
// none of the lines made.
func (s *submission) ids() (all []string, replayed map[string]bool) {
	replayed = make(map[string]bool, len(s.Orders))
	for _, o := range s.Orders {
		before, again := replayed[o.OrderID]
		if !again {
			all = append(all, o.OrderID)
		}
		replayed[o.OrderID] = o.Replayed && (before || !again)
	}
	return all, replayed
}

// sort brings what came in any order into that of the lines.
func (s *submission) sort() {
	slices.SortFunc(s.Orders, func(a, b acceptedOrder) int { return cmp.Compare(a.Line, b.Line) })
	slices.SortFunc(s.Refused, func(a, b shop.Refusal) int { return cmp.Compare(a.Line, b.Line) })
	slices.Sort(s.Unanswered)
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
	orders := shop.NewOrderReader(f, filepath.Base(c.File))
	orders.Priority = c.Priority
	result, err := submit(ctx, api, orders, bar, c.options(bar))
	if err != nil {
		err = fmt.Errorf("%s: %w", c.File, badInput(err))
	} else if c.Wait {
		var ended outcome
		if ended, err = await(ctx, s, api, result); err == nil {
			result.Outcome = &ended
		}
	}
	// What was done is told also if it came to nothing further.
	if err := errors.Join(err, s.out.print(result, result.text)); err != nil {
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
	result := submission{Orders: []acceptedOrder{}, Refused: []shop.Refusal{}, Unanswered: []int{}}
	tell := o.Done
	o.Done = func(line shop.Submitted) {
		result.add(line)
		if tell != nil {
			tell(line)
		}
		bar.at(result.Accepted + len(result.Refused))
	}
	err := shop.Submit(ctx, api, orders, o)
	result.sort()
	if err == nil {
		bar.end(result.Accepted)
	}
	return result, err
}

func (s *submission) text(w io.Writer) {
	fmt.Fprintf(w, "%d orders accepted, %d of them before, %d lines refused\n", s.Accepted, s.Replayed, len(s.Refused))
	if n := len(s.Unanswered); n > 0 {
		fmt.Fprintf(w, "%d not answered: submit the file again, what was accepted is recognised\n", n)
	}
	if s.Outcome != nil {
		s.Outcome.text(w)
	}
}
