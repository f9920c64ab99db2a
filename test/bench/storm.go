package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"time"

	"orderly/internal/cluster"
	"orderly/internal/verify"
)

const (
	calm      = 30 * time.Second // how long the idle system is measured
	stillOpen = 2 * time.Hour    // deadline of the orders: longer than any outage
	closing   = 2 * time.Minute  // how long orders that have ended may take to close
	pollEvery = 250 * time.Millisecond
	confirm   = 10 * time.Second // before what an audit finds is looked at again
)

// storm measures what the system costs while all orders stand still because
// the payment gateway is away, and how long it takes to end them afterwards.
func storm(ctx context.Context, s settings) (err error) {
	if s.orders == 0 {
		s.orders = 100_000
	}
	a, err := startApart(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.stop(context.WithoutCancel(ctx))) }()
	if err := stockUp(ctx, a.URL(), 1<<40); err != nil {
		return err
	}
	t := newCostTable()
	if err := t.watch(ctx, a, "idle", calm); err != nil {
		return err
	}
	if err := a.gateway(ctx, map[string]any{"outage": true}); err != nil {
		return err
	}
	if err := a.fill(ctx, s); err != nil {
		return err
	}
	if err := t.outage(ctx, a, s.outage); err != nil {
		return err
	}
	return a.drain(ctx, t)
}

// fill places the orders, and waits until all wait for the gateway.
func (a *apart) fill(ctx context.Context, s settings) error {
	began := time.Now()
	l, err := send(ctx, a.Of(cluster.Order)[0].URL, s.clients, s.orders, smallOrder)
	if err != nil {
		return err
	}
	if l.refused > 0 {
		return fmt.Errorf("%d orders were refused", l.refused)
	}
	if err := awaitNone(ctx, a.users, pollEvery, "pending"); err != nil {
		return err
	}
	took := time.Since(began)
	fmt.Printf("%d orders are open, placed in %v (%.0f/s), reserved after %v\n",
		l.accepted, l.accepting.Round(time.Second), float64(l.accepted)/l.accepting.Seconds(), took.Round(time.Second))
	return nil
}

// drain brings the gateway back, waits until all orders have ended, and audits
// the books.
func (a *apart) drain(ctx context.Context, t *costTable) error {
	before, err := a.spent(ctx)
	if err != nil {
		return err
	}
	if err := a.gateway(ctx, map[string]any{}); err != nil {
		return err
	}
	if err := awaitNone(ctx, a.users, pollEvery, "pending", "reserved"); err != nil {
		return err
	}
	after, err := a.spent(ctx)
	if err != nil {
		return err
	}
	t.print("drain", before, after)
	fmt.Printf("all orders ended %v after the gateway was back\n", after.at.Sub(before.at).Round(100*time.Millisecond))
	r, err := verify.Run(ctx, verify.Options{URL: a.URL(), Wait: closing, Confirm: confirm})
	if err != nil {
		return err
	}
	if !r.Clean() {
		return fmt.Errorf("verify has %d findings, the first: %v", r.Faults, r.Findings[0])
	}
	fmt.Printf("verify is clean: %d orders, %d confirmed, %d cancelled, %d charges, %d events\n", r.Orders, r.Confirmed, r.Cancelled, r.Charges, r.Events)
	return nil
}

// gateway sets how the simulated payment gateway behaves.
func (a *apart) gateway(ctx context.Context, behaviour map[string]any) error {
	status, err := a.users.do(ctx, http.MethodPut, "/v1/gateway", behaviour, nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("status %d", status)
	}
	if err != nil {
		return fmt.Errorf("set up the gateway: %w", err)
	}
	return nil
}

// costTable prints what the parts of the system cost, in per cent of the machine.
type costTable struct{ cores int }

func newCostTable() *costTable {
	fmt.Printf("%-12s", "% of machine")
	for _, part := range append(slices.Clone(parts), "together") {
		fmt.Printf(" %10s", part)
	}
	fmt.Printf(" %10s %10s %10s\n", "CPU s", "announced", "touched")
	return &costTable{cores: runtime.NumCPU()}
}

// outage prints a row for each minute, and one for all of it.
func (t *costTable) outage(ctx context.Context, a *apart, d time.Duration) error {
	first, err := a.spent(ctx)
	if err != nil {
		return err
	}
	for minute := 1; d > 0; minute++ {
		step := min(d, time.Minute)
		if err := t.watch(ctx, a, fmt.Sprintf("minute %d", minute), step); err != nil {
			return err
		}
		d -= step
	}
	last, err := a.spent(ctx)
	if err != nil {
		return err
	}
	t.print("outage", first, last)
	return nil
}

// watch leaves the system to itself for a while and prints what it cost.
func (t *costTable) watch(ctx context.Context, a *apart, name string, d time.Duration) error {
	before, err := a.spent(ctx)
	if err != nil {
		return err
	}
	select {
	case <-time.After(d):
	case failure := <-a.Failed():
		return failure
	case <-ctx.Done():
		return ctx.Err()
	}
	after, err := a.spent(ctx)
	if err != nil {
		return err
	}
	t.print(name, before, after)
	return nil
}

func (t *costTable) print(name string, before, after spending) {
	machine := after.at.Sub(before.at).Seconds() * float64(t.cores)
	fmt.Printf("%-12s", name)
	var together float64
	for _, part := range parts {
		spent := (after.cpu[part] - before.cpu[part]).Seconds()
		together += spent
		fmt.Printf(" %10.2f", 100*spent/machine)
	}
	fmt.Printf(" %10.2f %10.2f %10d %10d\n", 100*together/machine, together, after.announced-before.announced, after.touched-before.touched)
}
