package main

import (
	"bufio"
	"fmt"
	"io"
)

// openOrders reads, from what /metrics says, how many orders have not ended.
func openOrders(metrics io.Reader) (open int, err error) {
	lines := bufio.NewScanner(metrics)
	for lines.Scan() {
		var n float64
		switch {
		case read(lines.Text(), "accepted", &n):
			open += int(n)
		case read(lines.Text(), "confirmed", &n), read(lines.Text(), "cancelled", &n):
			open -= int(n)
		}
	}
	return open, lines.Err()
}

func read(line, status string, n *float64) bool {
	_, err := fmt.Sscanf(line, `orderly_orders_total{status="`+status+`"} %g`, n)
	return err == nil
}
