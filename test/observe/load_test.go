package observe_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"orderly/internal/client"
	"orderly/internal/shop"
	"orderly/order"
)

// every is the pause between two orders.
const every = 100 * time.Millisecond

// load lets orders come in, of both lanes, until the test is over. Nobody waits for
// them.
func load(t *testing.T, url string) *client.Client {
	t.Helper()
	c, err := client.New(url, 0)
	if err != nil {
		t.Fatal(err)
	}
	const catalogue = "product_id,name,currency,unit_price_minor,stock\nMUG,Mug,EUR,250,1000000\nBOWL,Bowl,EUR,250,3\n"
	if _, err := shop.Load(t.Context(), c, strings.NewReader(catalogue), nil); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var users sync.WaitGroup
	users.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for n := 0; ctx.Err() == nil; n++ {
			_, _ = c.Place(ctx, fmt.Sprint("order ", n), someOrder(n)) // it may be refused while things break
			select {
			case <-tick.C:
			case <-ctx.Done():
			}
		}
	})
	t.Cleanup(func() {
		cancel()
		users.Wait()
		c.Close()
	})
	return c
}

// someOrder is confirmed, declined or out of stock.
func someOrder(n int) json.RawMessage {
	product, method := "MUG", "pm_card_visa"
	switch n % 10 {
	case 0:
		product = "BOWL"
	case 1:
		method = "pm_card_chargeDeclined"
	}
	return fmt.Appendf(nil, `{"customer_id":"c","currency":"EUR","payment_method":%q,"priority":%q,"items":[{"product_id":%q,"quantity":1}]}`,
		method, order.Lanes()[n%2], product)
}
