package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
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
	series, value, _ := strings.Cut(line, "} ")
	if !strings.HasPrefix(series, "orderly_orders_total{") || !strings.Contains(series, `status="`+status+`"`) {
		return false
	}
	_, err := fmt.Sscan(value, n)
	return err == nil
}
