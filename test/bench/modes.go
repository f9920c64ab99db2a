package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// start measures how long the program takes until it answers.
func start(ctx context.Context, s settings) error {
	var best time.Duration
	for range 5 {
		srv, err := startServer(ctx, s)
		if err != nil {
			return err
		}
		memory, err := srv.memory()
		if err != nil {
			return err
		}
		fmt.Printf("ready after %v, %d MiB resident\n", srv.ready.Round(time.Millisecond), memory)
		if best == 0 || srv.ready < best {
			best = srv.ready
		}
		if err := srv.stop(); err != nil {
			return err
		}
	}
	fmt.Printf("best of 5: %v\n", best.Round(time.Millisecond))
	return nil
}

// oneAtATime holds the engine to a batch of one.
const oneAtATime = "ORDERLY_MAX_INPUTS=1"

// mode is a way to run the system.
type mode struct {
	name string
	env  []string
}

// inTurns runs the same orders on a fresh system in each mode, several times in
// turns, and returns the better runs in the order of the modes.
func inTurns(ctx context.Context, s settings, rounds int, modes []mode, run func(context.Context, *server, string) (load, error)) ([]load, error) {
	best := make([]load, len(modes))
	for round := range rounds {
		for i, m := range modes {
			srv, err := startServer(ctx, s, m.env...)
			if err != nil {
				return nil, err
			}
			l, err := run(ctx, srv, m.name)
			if err != nil {
				return nil, err
			}
			if err := srv.stop(); err != nil {
				return nil, err
			}
			if round == 0 || l.perThousand() < best[i].perThousand() {
				best[i] = l
			}
		}
	}
	return best, nil
}

// compare runs the same orders in batches and one at a time, and prints the ratios.
func compare(ctx context.Context, s settings, rounds int, run func(context.Context, *server, string) (load, error)) error {
	best, err := inTurns(ctx, s, rounds, []mode{{"batches", []string{"ORDERLY_MAX_INPUTS=0"}}, {"one at a time", []string{oneAtATime}}}, run)
	if err != nil {
		return err
	}
	b, one := best[0], best[1]
	fmt.Printf("ratio: %.1f times the throughput, %.1f times fewer CPU seconds\n", b.rate()/one.rate(), one.perThousand()/b.perThousand())
	return nil
}

// smallOrders places orders of two items over a thousand products, one in
// twenty declined.
func smallOrders(ctx context.Context, s settings) error {
	n := s.orders
	if n == 0 {
		n = 5000
	}
	return compare(ctx, s, 3, stocked(s, n, smallOrder))
}

// stocked returns how to place so many orders on a fresh system.
func stocked(s settings, n int, order func(int) any) func(context.Context, *server, string) (load, error) {
	return func(ctx context.Context, srv *server, name string) (load, error) {
		if err := stockUp(ctx, srv.url, 1<<40); err != nil {
			return load{}, err
		}
		if _, err := place(ctx, srv, s.clients, max(n/25, s.clients), order); err != nil { // warm up
			return load{}, err
		}
		l, err := place(ctx, srv, s.clients, n, order)
		if err != nil {
			return l, err
		}
		return l, report(ctx, srv, name, l)
	}
}

const products = 1000

func productID(i int) string { return fmt.Sprintf("SKU-%04d", i%products) }

type item struct {
	ProductID string `json:"product_id"`
	Quantity  int    `json:"quantity"`
}

type newOrder struct {
	CustomerID    string `json:"customer_id"`
	Currency      string `json:"currency"`
	PaymentMethod string `json:"payment_method"`
	Priority      string `json:"priority,omitempty"`
	Items         []item `json:"items"`
}

func smallOrder(i int) any {
	method := "pm_card_visa"
	if i%20 == 19 {
		method = "pm_card_chargeDeclined"
	}
	return newOrder{
		CustomerID:    fmt.Sprintf("customer-%d", i%5000),
		Currency:      "EUR",
		PaymentMethod: method,
		Items:         []item{{productID(i * 7), 1}, {productID(i*7 + 500), 2}},
	}
}

// stockUp puts a thousand products with ample stock.
func stockUp(ctx context.Context, url string, stock int64) error {
	c := connect(url, 16)
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < products && failed.Load() == nil; i = int(next.Add(1)) - 1 {
				if err := putProduct(ctx, c, i, stock); err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

func putProduct(ctx context.Context, c *users, i int, stock int64) error {
	path := "/v1/products/" + productID(i)
	for _, call := range []struct {
		method, path string
		body         map[string]any
	}{
		{http.MethodPut, path, map[string]any{"name": productID(i), "currency": "EUR", "unit_price_minor": 100 + i}},
		{http.MethodPost, path + "/stock", map[string]any{"delta": stock, "reason": "benchmark"}},
	} {
		status, err := c.do(ctx, call.method, call.path, call.body, nil)
		if err != nil {
			return err
		}
		if status >= 300 {
			return fmt.Errorf("%s %s: status %d", call.method, call.path, status)
		}
	}
	return nil
}
