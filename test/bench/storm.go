package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
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
	if s.outage <= 0 {
		return fmt.Errorf("-outage: %v is not a time", s.outage)
	}
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
	fmt.Println(spendingHeader())
	if err := a.idle(ctx, "idle", calm); err != nil {
		return err
	}
	if err := setGateway(ctx, a.users, map[string]any{"outage": true}); err != nil {
		return err
	}
	if err := a.fill(ctx, s); err != nil {
		return err
	}
	if err := a.outage(ctx, s.outage); err != nil {
		return err
	}
	return a.drain(ctx)
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
func (a *apart) drain(ctx context.Context) error {
	before, err := a.spent(ctx)
	if err != nil {
		return err
	}
	if err := setGateway(ctx, a.users, map[string]any{}); err != nil {
		return err
	}
	if err := awaitNone(ctx, a.users, pollEvery, "pending", "reserved"); err != nil {
		return err
	}
	after, err := a.spent(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("all orders ended %v after the gateway was back, for %.1f CPU s\n",
		after.at.Sub(before.at).Round(100*time.Millisecond), (after.together() - before.together()).Seconds())
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

// outage prints what each minute costs, and all of it.
func (a *apart) outage(ctx context.Context, lasts time.Duration) error {
	first, err := a.spent(ctx)
	if err != nil {
		return err
	}
	for minute := 1; lasts > 0; minute++ {
		step := min(lasts, time.Minute)
		if err := a.idle(ctx, fmt.Sprintf("minute %d", minute), step); err != nil {
			return err
		}
		lasts -= step
	}
	last, err := a.spent(ctx)
	if err != nil {
		return err
	}
	fmt.Println(last.since(first).row("outage", runtime.NumCPU()))
	return nil
}

// idle leaves the system to itself for a while and prints what that cost.
func (a *apart) idle(ctx context.Context, name string, lasts time.Duration) error {
	before, err := a.spent(ctx)
	if err != nil {
		return err
	}
	select {
	case <-time.After(lasts):
	case failure := <-a.Failed():
		return failure
	case <-ctx.Done():
		return ctx.Err()
	}
	after, err := a.spent(ctx)
	if err != nil {
		return err
	}
	fmt.Println(after.since(before).row(name, runtime.NumCPU()))
	return nil
}
