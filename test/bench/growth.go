package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// growth fills the store and prints what an order and a page cost on the way.
func growth(ctx context.Context, s settings) error {
	total := s.orders
	if total == 0 {
		total = 500_000
	}
	srv, err := startServer(ctx, s)
	if err != nil {
		return err
	}
	defer srv.stop()
	if err := stockUp(ctx, srv.url, 1<<40); err != nil {
		return err
	}
	chunk := max(total/50, 1)
	var first, last float64
	for done := 0; done < total; done += chunk {
		offset := done
		l, err := place(ctx, srv, s.clients, chunk, func(i int) any { return smallOrder(offset + i) })
		if err != nil {
			return err
		}
		last = l.perThousand()
		if first == 0 {
			first = last
		}
		if (done/chunk)%5 == 0 || done+chunk >= total {
			if err := report(ctx, srv, fmt.Sprintf("%d stored", done+chunk), l); err != nil {
				return err
			}
		}
	}
	fmt.Printf("CPU per order, last chunk to first: %.2f\n", last/first)
	return pages(ctx, srv)
}

// pages measures lists, from the first page and from the middle.
func pages(ctx context.Context, srv *server) error {
	c := connect(srv.url, 1)
	for _, filter := range []string{"", "status=confirmed", "status=cancelled", "status=pending", "customer_id=customer-7", "customer_id=customer-7&status=cancelled"} {
		var took []time.Duration
		cursor := ""
		for range 40 {
			var page struct {
				Next string `json:"next"`
			}
			path := "/v1/orders?limit=50&" + filter
			if cursor != "" {
				path += "&cursor=" + cursor
			}
			began := time.Now()
			status, err := c.do(ctx, http.MethodGet, path, nil, &page)
			if err != nil || status != http.StatusOK {
				return fmt.Errorf("GET %s: status %d: %w", path, status, err)
			}
			took = append(took, time.Since(began))
			cursor = page.Next
		}
		slices.Sort(took)
		fmt.Printf("page of 50 %-42q p50 %v p99 %v\n", filter, percentile(took, 50), percentile(took, 99))
	}
	return nil
}
