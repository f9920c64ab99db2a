package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	products   = 1000 // SKU-0001 and so on, with plenty of stock; SKU-OOS has none
	plenty     = 1_000_000_000
	unitPrice  = 1999
	currency   = "USD"
	outOfStock = "SKU-OOS"
	atOnce     = 32 // requests
)

// prepare fills the catalogue and sets the gateway, over HTTP as a shop would.
func prepare(ctx context.Context, sys system, latency time.Duration) error {
	c := caller{http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: atOnce}}}
	defer c.CloseIdleConnections()
	for _, base := range sys.payment {
		if latency == 0 {
			break
		}
		if err := c.send(ctx, http.MethodPut, base+"/v1/gateway", "", map[string]any{"latency": latency.String()}); err != nil {
			return err
		}
	}
	return c.fill(ctx, sys.inventory[0]+"/v1/products/")
}

type caller struct{ http.Client }

// fill puts the products, several at once.
func (c *caller) fill(ctx context.Context, base string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ids := make(chan string)
	var wg sync.WaitGroup
	for range atOnce {
		wg.Go(func() {
			for id := range ids {
				if err := c.put(ctx, base, id); err != nil {
					cancel(err)
				}
			}
		})
	}
	for i := range products {
		ids <- fmt.Sprintf("SKU-%04d", i+1)
	}
	ids <- outOfStock
	close(ids)
	wg.Wait()
	return context.Cause(ctx)
}

func (c *caller) put(ctx context.Context, base, id string) error {
	product := map[string]any{"name": id, "currency": currency, "unit_price_minor": unitPrice}
	err := c.send(ctx, http.MethodPut, base+id, "", product)
	if err != nil || id == outOfStock {
		return err
	}
	return c.send(ctx, http.MethodPost, base+id+"/stock", "seed", map[string]any{"delta": plenty, "reason": "seed"})
}

// send sends a JSON body and wants it taken.
func (c *caller) send(ctx context.Context, method, url, key string, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(data))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := c.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s: %s", method, url, res.Status, answer)
	}
	return err
}
