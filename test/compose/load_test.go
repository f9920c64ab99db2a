package compose

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"orderly/internal/client"
	"orderly/internal/shop"
)

const (
	catalogue = "product_id,name,currency,unit_price_minor,stock\nMUG,Mug,EUR,250,1000000\n"
	oneOrder  = `{"customer_id":"c","currency":"EUR","payment_method":"pm_card_visa","items":[{"product_id":"MUG","quantity":1}]}`
	// pace is between two orders.
	pace = 25 * time.Millisecond
)

// load places orders through the front door, one after the other, until it is
// stopped.
type load struct {
	stop    context.CancelFunc
	ended   sync.WaitGroup
	ids     []string
	refused []error
}

// startLoad begins to place orders. An order that is not accepted is placed again
// for as long as patience; with none, once.
func (p *project) startLoad(name string, patience time.Duration) *load {
	p.t.Helper()
	api := p.client(patience)
	ctx, stop := context.WithCancel(p.t.Context())
	l := &load{stop: stop}
	l.ended.Go(func() {
		defer api.Close()
		tick := time.NewTicker(pace)
		defer tick.Stop()
		for n := 0; ctx.Err() == nil; n++ {
			placed, err := api.Place(context.WithoutCancel(ctx), fmt.Sprintf("%s-%d", name, n), []byte(oneOrder))
			if err != nil {
				l.refused = append(l.refused, fmt.Errorf("order %d: %w", n, err))
			} else {
				l.ids = append(l.ids, placed.OrderID)
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
	})
	p.t.Cleanup(l.end)
	return l
}

func (l *load) end() {
	l.stop()
	l.ended.Wait()
}

// settle ends the load, and waits until all of its orders are confirmed.
func (p *project) settle(l *load) {
	p.t.Helper()
	l.end()
	for _, err := range l.refused {
		p.t.Errorf("a request failed: %v", err)
	}
	ctx, cancel := context.WithTimeout(p.t.Context(), limit)
	defer cancel()
	api := p.client(limit)
	defer api.Close()
	outcome, err := shop.Await(ctx, api, l.ids, shop.AwaitOptions{})
	if err != nil || outcome.Confirmed != len(l.ids) || len(l.ids) == 0 {
		p.t.Errorf("of %d orders %d are confirmed: %+v, %v", len(l.ids), outcome.Confirmed, outcome.Cancelled, err)
	}
	p.t.Logf("%d orders were placed meanwhile, and confirmed", len(l.ids))
}

func (p *project) client(patience time.Duration) *client.Client {
	p.t.Helper()
	api, err := client.New(p.url(), patience)
	if err != nil {
		p.t.Fatal(err)
	}
	return api
}

// stock puts the mugs on the shelf.
func (p *project) stock() {
	p.t.Helper()
	api := p.client(limit)
	defer api.Close()
	if _, err := shop.Load(p.t.Context(), api, strings.NewReader(catalogue), nil); err != nil {
		p.t.Fatal(err)
	}
}

// awaitFlow waits until an order comes to its end again.
func (p *project) awaitFlow(t *testing.T, key string) {
	t.Helper()
	api := p.client(limit)
	defer api.Close()
	placed, err := api.Place(t.Context(), key, []byte(oneOrder))
	if err == nil {
		_, err = shop.Await(t.Context(), api, []string{placed.OrderID}, shop.AwaitOptions{})
	}
	if err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
