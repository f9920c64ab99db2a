package shop

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"orderly/internal/client"
)

// SubmitOptions say how orders are submitted.
type SubmitOptions struct {
	// Concurrency is how many orders are under way at once; at least 1.
	Concurrency int
	// PerSecond limits how many are begun in a second; 0 does not.
	PerSecond float64
	// Done, if not nil, is told of each line, one call at a time.
	Done func(Submitted)
}

// Submitted is what became of one line: an order, a refusal, or no answer.
type Submitted struct {
	Line       int
	Invoice    string
	OrderID    string
	Replayed   bool // accepted by an earlier submission
	Refusal    *Refusal
	Unanswered bool // whether it was accepted is not known
}

// Submit places all orders of r and returns when each has been answered. The
// first failure that is not a refusal ends it: the orders under way count as
// unanswered, those after them are not placed.
func Submit(ctx context.Context, c *client.Client, r *OrderReader, o SubmitOptions) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(o.Concurrency, 1))
	s := &submitter{client: c, done: o.Done}
	pace := newPace(o.PerSecond)
	err := eachLine(ctx, r.Next, func(order Order, bad *BadLine) {
		if bad != nil {
			s.tell(Submitted{Line: bad.Number, Refusal: &Refusal{Line: bad.Number, Reason: bad.Reason}})
			return
		}
		pace.wait(ctx)
		g.Go(func() error { return s.one(ctx, order) })
	})
	if failed := g.Wait(); failed != nil {
		return failed
	}
	return err
}

type submitter struct {
	client *client.Client

	mu   sync.Mutex // lets one call of done run at a time
	done func(Submitted)
}

func (s *submitter) one(ctx context.Context, o Order) error {
	placed, err := s.client.Place(ctx, o.Key, o.Body)
	if reason, refused := refusal(err); refused {
		name := ""
		if o.Invoice != "" {
			name = "invoice " + o.Invoice
		}
		s.tell(Submitted{Line: o.Line, Invoice: o.Invoice, Refusal: &Refusal{Line: o.Line, Name: name, Reason: reason}})
		return nil
	}
	if err != nil {
		s.tell(Submitted{Line: o.Line, Invoice: o.Invoice, Unanswered: true})
		return fmt.Errorf("line %d: %w", o.Line, err)
	}
	s.tell(Submitted{Line: o.Line, Invoice: o.Invoice, OrderID: placed.OrderID, Replayed: placed.Replayed})
	return nil
}

func (s *submitter) tell(what Submitted) {
	if s.done == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done(what)
}

// pace spreads beginnings evenly. One that is late is not made up for by a
// burst.
type pace struct {
	every time.Duration // 0 = no limit
	next  time.Time
}

func newPace(perSecond float64) *pace {
	if perSecond <= 0 {
		return &pace{}
	}
	return &pace{every: time.Duration(float64(time.Second) / perSecond)}
}

func (p *pace) wait(ctx context.Context) {
	if p.every == 0 {
		return
	}
	now := time.Now()
	if p.next.Before(now) {
		p.next = now
	}
	t := time.NewTimer(p.next.Sub(now))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
	p.next = p.next.Add(p.every)
}
