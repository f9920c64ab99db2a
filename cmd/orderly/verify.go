package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"orderly/internal/verify"
)

// verifyCommand audits a running system.
type verifyCommand struct {
	Wait time.Duration `help:"Wait up to this long for open orders to close (default: ${default})." default:"0s" placeholder:"TIME"`
	apart
}

// confirmPause is longer than the broker takes to deliver again what a process
// had in hand that was killed.
const confirmPause = 10 * time.Second

// Run runs the command.
func (c *verifyCommand) Run(ctx context.Context, s *session) error {
	api, err := s.client(shortPatience)
	if err != nil {
		return err
	}
	defer api.Close()
	if err := api.Ping(ctx); err != nil {
		return err
	}
	r, err := verify.Run(ctx, verify.Options{URL: s.url, InventoryURL: c.InventoryURL, PaymentURL: c.PaymentURL, Wait: c.Wait, Confirm: confirmPause})
	if err != nil {
		return fmt.Errorf("the audit could not be finished: %w", err)
	}
	r.Findings = orEmpty(r.Findings)
	if err := s.out.print(r, func(w io.Writer) { auditText(w, r) }); err != nil {
		return err
	}
	if !r.Clean() {
		return errReported
	}
	return nil
}

func auditText(w io.Writer, r verify.Report) {
	fmt.Fprintf(w, "orders\t%d: %d confirmed, %d cancelled, %d open, %d too recent to judge\n", r.Orders, r.Confirmed, r.Cancelled, r.Open, r.Recent)
	fmt.Fprintf(w, "products\t%d\ncharges\t%d\nevents\t%d\n", r.Products, r.Charges, r.Events)
	if r.Clean() {
		fmt.Fprintln(w, "verify\tclean: every order, charge and unit of stock is accounted for")
		return
	}
	fmt.Fprintf(w, "verify\t%d findings\n", r.Faults)
	for _, f := range r.Findings {
		fmt.Fprintf(w, "  %s\n", f)
	}
	if more := r.Faults - len(r.Findings); more > 0 {
		fmt.Fprintf(w, "  and %d more\n", more)
	}
}
