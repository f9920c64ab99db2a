package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"time"

	"orderly/internal/client"
	"orderly/internal/shop"
)

// shopOrders places the sample shop's 927 real orders, of 20,000 lines.
func shopOrders(ctx context.Context, s settings) error {
	orders, err := sampleOrders()
	if err != nil {
		return err
	}
	return compare(ctx, s, 2, func(ctx context.Context, srv *server, name string) (load, error) {
		if err := loadCatalogue(ctx, srv); err != nil {
			return load{}, err
		}
		l, err := place(ctx, srv, s.clients, len(orders), func(i int) any { return orders[i] })
		if err != nil {
			return l, err
		}
		return l, report(ctx, srv, name, l)
	})
}

func sampleOrders() ([]json.RawMessage, error) {
	file, err := shop.SampleOrders()
	if err != nil {
		return nil, err
	}
	var orders []json.RawMessage
	for r := shop.NewOrderReader(file, shop.SampleName); ; {
		o, err := r.Next()
		if errors.Is(err, io.EOF) {
			return orders, nil
		}
		if err != nil {
			return nil, err
		}
		orders = append(orders, o.Body)
	}
}

func loadCatalogue(ctx context.Context, srv *server) error {
	c, err := client.New(srv.url, 10*time.Second)
	if err != nil {
		return err
	}
	products, err := shop.SampleProducts()
	if err != nil {
		return err
	}
	_, err = shop.Load(ctx, c, products, nil)
	return err
}
