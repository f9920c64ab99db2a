package main

import (
	"cmp"
	"errors"
	"net/http"

	"orderly/internal/client"
)

// apart says where the services are that do not answer at --url.
type apart struct {
	InventoryURL string `help:"Where the inventory service is, if it runs apart." env:"ORDERLY_INVENTORY_URL" placeholder:"URL"`
	PaymentURL   string `help:"Where the payment service is, if it runs apart." env:"ORDERLY_PAYMENT_URL" placeholder:"URL"`
}

// services are the clients of the services.
type services struct{ order, inventory, payment *client.Client }

func (a apart) clients(s *session) (services, error) {
	var all services
	for _, one := range []struct {
		name, url string
		to        **client.Client
	}{
		{"--url", s.url, &all.order},
		{"--inventory-url", cmp.Or(a.InventoryURL, s.url), &all.inventory},
		{"--payment-url", cmp.Or(a.PaymentURL, s.url), &all.payment},
	} {
		c, err := client.New(one.url, shortPatience)
		if err != nil {
			all.Close()
			return services{}, usage("%s: %w", one.name, err)
		}
		*one.to = c
	}
	return all, nil
}

// Close lets go of all connections.
func (s services) Close() {
	for _, c := range []*client.Client{s.order, s.inventory, s.payment} {
		if c != nil {
			c.Close()
		}
	}
}

// known leaves out the answer that there is no such thing.
func known[T any](v T, err error) (*T, error) {
	var problem *client.Problem
	if errors.As(err, &problem) && problem.Status == http.StatusNotFound && problem.Type != "" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &v, nil
}
