package app

import (
	"context"
	"strconv"

	"orderly/inventory"
	"orderly/inventory/sqlstore"
	"orderly/pkg/metrics"
)

var products = metrics.New(metrics.Gauge, "orderly_products",
	"Products by what is free to reserve: none, low ("+strconv.Itoa(inventory.LowStock)+" units or fewer) or enough. Replicas see the same.", "stock")

// stock are inventory's figures.
func stock(store *sqlstore.Store) func(context.Context) (look, error) {
	return func(ctx context.Context) (look, error) {
		found, err := store.Levels(ctx)
		if err != nil {
			return look{}, err
		}
		var l look
		for _, level := range inventory.Levels() {
			l.values = append(l.values, value{metric: products, is: float64(found[level]), labels: []string{string(level)}})
		}
		return l, nil
	}
}
