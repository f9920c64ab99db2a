package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/google/uuid"

	"orderly/internal/client"
)

// ordersRefundCommand gives money back by hand.
type ordersRefundCommand struct {
	ID     string        `arg:"" help:"The order's id."`
	Amount string        `help:"How much, in the order's currency, as 12.34." placeholder:"AMOUNT" xor:"much" required:""`
	All    bool          `help:"All that is left of what was captured." xor:"much" required:""`
	Key    string        `help:"Makes the refund safe to repeat: the same key is one refund of the order, for ever (default: a new one)." placeholder:"KEY"`
	Wait   time.Duration `help:"Wait up to this long for the gateway's answer (default: ${default})." default:"10s" placeholder:"TIME"`
	act
	apart
}

// Validate is called by the parser.
func (c *ordersRefundCommand) Validate() error {
	if err := c.reasoned(); err != nil {
		return err
	}
	if c.Wait < 0 {
		return fmt.Errorf("--wait: %s is negative", c.Wait)
	}
	if c.All {
		return nil
	}
	return checkAmount(c.Amount)
}

// refundShown is a refund as it is printed.
type refundShown struct {
	client.Credit
	Key string `json:"key"`
}

const refundPoll = 200 * time.Millisecond

// Run runs the command.
func (c *ordersRefundCommand) Run(ctx context.Context, s *session) error {
	api, err := c.clients(s)
	if err != nil {
		return err
	}
	defer api.Close()
	ask, err := c.ask(ctx, api)
	if err != nil {
		return err
	}
	shown := refundShown{Key: c.Key}
	if shown.Key == "" {
		shown.Key = uuid.NewString()
	}
	if shown.Credit, err = api.payment.Credit(ctx, shown.Key, c.ID, ask); err != nil {
		var problem *client.Problem
		if !errors.As(err, &problem) || !problem.Refused() {
			s.warn("nobody knows whether it was accepted: repeat the command with --key %s", shown.Key)
		}
		return err
	}
	if shown.Credit, err = c.await(ctx, api.payment, shown.Credit); err != nil {
		return err
	}
	if err := s.out.print(shown, shown.text); err != nil {
		return err
	}
	if shown.State == client.CreditRefused {
		return &client.Problem{Status: http.StatusConflict, Detail: "the gateway will never give this refund: " + shown.Refusal}
	}
	return nil
}

// ask is what to ask for, of an order that is confirmed: one that is not is
// cancelled instead, which gives back all of it.
func (c *ordersRefundCommand) ask(ctx context.Context, api services) (client.AskCredit, error) {
	note, err := c.note()
	if err != nil {
		return client.AskCredit{}, err
	}
	a := client.AskCredit{Why: note.Why, By: note.By}
	o, err := api.order.Order(ctx, c.ID, 0)
	if err != nil {
		return a, err
	}
	if o.Status != client.Confirmed {
		return a, &client.Problem{Status: http.StatusConflict, Detail: fmt.Sprintf(
			"order %s is %s: only a confirmed order is refunded by hand, a cancellation gives back by itself", o.OrderID, o.Status)}
	}
	if c.All {
		return a, nil
	}
	minor, err := parseMoney(c.Amount, o.Currency)
	a.AmountMinor, a.Currency = &minor, o.Currency
	return a, err
}

// await returns the refund once its outcome is known, or as it is when the time
// is up.
func (c *ordersRefundCommand) await(ctx context.Context, api *client.Client, credit client.Credit) (client.Credit, error) {
	timeUp := time.NewTimer(c.Wait)
	defer timeUp.Stop()
	again := time.NewTicker(refundPoll)
	defer again.Stop()
	for credit.State == client.CreditPending {
		select {
		case <-again.C:
		case <-timeUp.C:
			return credit, nil
		case <-ctx.Done():
			return credit, context.Cause(ctx)
		}
		p, err := api.Payment(ctx, c.ID)
		if err != nil {
			return credit, err
		}
		for _, one := range p.Credits {
			if one.CreditID == credit.CreditID {
				credit = one
			}
		}
	}
	return credit, nil
}

func (r refundShown) text(w io.Writer) {
	fmt.Fprintf(w, "order\t%s\nrefund\t%s\namount\t%s\n", r.OrderID, r.CreditID, money(r.AmountMinor, r.Currency))
	fmt.Fprintf(w, "by\t%s\nwhy\t%s\nkey\t%s\n", r.By, r.Why, r.Key)
	switch r.State {
	case client.CreditPending:
		if r.Refusal != "" {
			fmt.Fprintf(w, "gateway says\t%s: ask the provider what it did\n", r.Refusal)
		}
		fmt.Fprintf(w, "state\tpending: called again until the gateway's answer is known, see orderly orders history %s\n", r.OrderID)
	default:
		fmt.Fprintf(w, "state\t%s\n", r.State)
	}
}
