package main

import (
	"context"
	"fmt"
)

// largeLines is as many as the largest order of the sample shop has.
const largeLines = 675

// versions measures what it costs to say orders.created in two versions, and to read
// the one or the other, for small orders and for large ones.
func versions(ctx context.Context, s settings) error {
	modes := []mode{
		{"one version", []string{"ORDERLY_PUBLISH=orders.created.v1", "ORDERLY_READ=orders.created.v1"}},
		{"both, reading the first", []string{"ORDERLY_PUBLISH=", "ORDERLY_READ=orders.created.v1"}},
		{"both, reading the second", []string{"ORDERLY_PUBLISH=", "ORDERLY_READ=orders.created.v2"}},
	}
	for _, size := range []struct {
		lines, orders int
		order         func(int) any
	}{{2, 5000, smallOrder}, {largeLines, 200, largeOrder}} {
		n := size.orders
		if s.orders > 0 {
			n = s.orders
		}
		best, err := inTurns(ctx, s, 3, modes, stocked(s, n, size.order))
		if err != nil {
			return err
		}
		for i, m := range modes {
			fmt.Printf("%d lines, %s: %.2f CPU ms an order, %+.1f %%\n", size.lines, m.name,
				best[i].perThousand(), 100*(best[i].perThousand()/best[0].perThousand()-1))
		}
	}
	return nil
}

func largeOrder(i int) any {
	o := newOrder{CustomerID: fmt.Sprintf("customer-%d", i%5000), Currency: "EUR", PaymentMethod: "pm_card_visa"}
	for line := range largeLines {
		o.Items = append(o.Items, item{productID(i*7 + line), 1})
	}
	return o
}
