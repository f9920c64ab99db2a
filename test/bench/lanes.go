package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	lanesOrders  = 50_000
	lanesUsers   = 8   // who place express orders, one after the other each
	lanesSamples = 400 // express orders of each measurement
)

// lanes measures how long an express order takes on an idle system, and with
// standard orders queued before the payment gateway, which is back after an outage
// and as fast as it can be, or slow.
func lanes(ctx context.Context, s settings) error {
	for _, gateway := range []map[string]any{{"latency": "200ms", "jitter": "50ms"}, {}} {
		if err := lanesBehind(ctx, s, gateway); err != nil {
			return err
		}
	}
	return nil
}

func lanesBehind(ctx context.Context, s settings, gateway map[string]any) (err error) {
	n := s.orders
	if n == 0 {
		n = lanesOrders
	}
	srv, err := startServer(ctx, s, "ORDERLY_ORDER_DEADLINE="+stillOpen.String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, srv.stop()) }()
	if err := stockUp(ctx, srv.url, 1<<40); err != nil {
		return err
	}
	c := connect(srv.url, lanesUsers+1)
	fmt.Printf("gateway: %v\n", gateway)
	if err := setGateway(ctx, c, gateway); err != nil {
		return err
	}
	if _, err := expressOrders(ctx, c, lanesUsers*4); err != nil { // warm up
		return err
	}
	idle, err := expressOrders(ctx, c, lanesSamples)
	if err != nil {
		return err
	}
	fmt.Println(lanesRow("idle", idle))
	if err := lanesQueue(ctx, srv, c, s, n); err != nil {
		return err
	}
	return lanesPass(ctx, c, gateway, idle, n)
}

// lanesQueue accepts standard orders while the gateway is away, until all wait for
// it.
func lanesQueue(ctx context.Context, srv *server, c *users, s settings, n int) error {
	if err := setGateway(ctx, c, map[string]any{"outage": true}); err != nil {
		return err
	}
	l, err := send(ctx, srv.url, s.clients, n, smallOrder)
	if err == nil && l.refused > 0 {
		err = fmt.Errorf("%d orders were refused", l.refused)
	}
	if err != nil {
		return err
	}
	return awaitNone(ctx, c, pollEvery, "pending")
}

// lanesPass brings the gateway back and places express orders while those that
// wait are worked off.
func lanesPass(ctx context.Context, c *users, gateway map[string]any, idle []time.Duration, n int) error {
	if err := setGateway(ctx, c, gateway); err != nil {
		return err
	}
	left := n
	for began := time.Now(); left == n; time.Sleep(pollEvery) { // the breaker looks when it is time
		var err error
		if left, err = c.open(ctx); err != nil || time.Since(began) > time.Minute {
			return errors.Join(err, fmt.Errorf("%d orders are open after %v", left, time.Since(began)))
		}
	}
	began := time.Now()
	passed, err := expressOrders(ctx, c, lanesSamples)
	if err != nil {
		return err
	}
	took := time.Since(began)
	later, err := c.open(ctx)
	if err != nil {
		return err
	}
	fmt.Println(lanesRow("beside them", passed))
	fmt.Printf("ratio of p99: %.1f; standard orders that wait: %d at its start, %d at its end: %.0f ended a second\n",
		float64(percentile(passed, 99))/float64(percentile(idle, 99)), left, later, float64(left-later)/took.Seconds())
	if err := awaitNone(ctx, c, pollEvery, "pending", "reserved"); err != nil {
		return err
	}
	fmt.Printf("all have ended after %v, %.0f a second\n", time.Since(began).Round(100*time.Millisecond), float64(left)/time.Since(began).Seconds())
	return nil
}

func lanesRow(name string, took []time.Duration) string {
	return fmt.Sprintf("%-12s %d express orders, POST until done: p50 %v p90 %v p99 %v", name, len(took), percentile(took, 50), percentile(took, 90), percentile(took, 99))
}

// expressOrders places n express orders and returns how long each took from its
// POST until its customer knew its end, sorted.
func expressOrders(ctx context.Context, c *users, n int) ([]time.Duration, error) {
	took := make([]time.Duration, n)
	errs := make([]error, lanesUsers)
	var wg sync.WaitGroup
	for user := range lanesUsers {
		wg.Go(func() {
			for i := user; i < n && errs[user] == nil; i += lanesUsers {
				took[i], errs[user] = expressOrder(ctx, c, i)
			}
		})
	}
	wg.Wait()
	slices.Sort(took)
	return took, errors.Join(errs...)
}

func expressOrder(ctx context.Context, c *users, i int) (time.Duration, error) {
	order := smallOrder(i).(newOrder)
	order.Priority = "express"
	var placed, ended struct {
		ID     string `json:"order_id"`
		Status string `json:"status"`
	}
	began := time.Now()
	status, err := c.do(ctx, http.MethodPost, "/v1/orders", order, &placed)
	if err == nil && status != http.StatusAccepted {
		err = fmt.Errorf("place an express order: status %d", status)
	}
	for ended.Status != "confirmed" && ended.Status != "cancelled" && err == nil {
		_, err = c.do(ctx, http.MethodGet, "/v1/orders/"+placed.ID+"?wait=30s", nil, &ended)
	}
	return time.Since(began), err
}
