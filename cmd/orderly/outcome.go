package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"orderly/internal/client"
	"orderly/internal/shop"
)

// outcome is how orders ended, as it is printed.
type outcome struct {
	Orders    int              `json:"orders"`
	Confirmed int              `json:"confirmed"`
	Cancelled map[string]int   `json:"cancelled"`     // by reason
	Revenue   map[string]int64 `json:"revenue_minor"` // by currency
	Timed     int              `json:"timed"`         // orders that the figures below are of: the new ones
	P50       float64          `json:"p50_ms"`        // from placing to the end
	P99       float64          `json:"p99_ms"`
	PerSecond float64          `json:"orders_per_second"`
}

// await waits until the orders of a submission have ended, and shows how it
// goes.
func await(ctx context.Context, s *session, api *client.Client, placed submission) (outcome, error) {
	ids, replayed := placed.ids()
	bar := newProgress(s.stderr, "ended", len(ids))
	o, err := shop.Await(ctx, api, ids, shop.AwaitOptions{Untimed: replayed, Done: bar.at})
	if err != nil {
		return outcome{}, err
	}
	bar.end(o.Orders)
	return outcome{
		Orders: o.Orders, Confirmed: o.Confirmed, Cancelled: o.Cancelled, Revenue: o.Revenue, Timed: o.Timed,
		P50: millis(o.Took(0.50)), P99: millis(o.Took(0.99)), PerSecond: o.PerSecond(),
	}, nil
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (o outcome) text(w io.Writer) {
	fmt.Fprintf(w, "confirmed\t%d\n", o.Confirmed)
	for _, reason := range slices.Sorted(maps.Keys(o.Cancelled)) {
		fmt.Fprintf(w, "cancelled, %s\t%d\n", reason, o.Cancelled[reason])
	}
	for _, currency := range slices.Sorted(maps.Keys(o.Revenue)) {
		fmt.Fprintf(w, "revenue\t%s\n", money(o.Revenue[currency], currency))
	}
	if o.Timed == 0 {
		return
	}
	fmt.Fprintf(w, "time to done\tp50 %.1f ms, p99 %.1f ms\n", o.P50, o.P99)
	fmt.Fprintf(w, "throughput\t%.0f orders a second\n", o.PerSecond)
}
