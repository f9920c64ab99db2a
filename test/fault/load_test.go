package fault_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"orderly/internal/client"
	"orderly/internal/shop"
	"orderly/order"
)

const (
	customers = 6
	// pause is between two orders of a customer: the load is customers/pause.
	pause    = 100 * time.Millisecond
	products = 8
	scarce   = 100       // units of the first product: most orders for it find none left
	ample    = 1_000_000 // units of the others
	declined = 20        // one in so many orders
)

// load places orders until it is stopped.
type load struct {
	cancel context.CancelFunc
	group  sync.WaitGroup
	rich   atomic.Bool // orders say what only version 2 of orders.created can

	mu     sync.Mutex        // guards what follows
	placed map[string]string // order id by idempotency key, of everything accepted
	failed []error           // orders that were not accepted
}

// loadCatalogue fills the shop.
func loadCatalogue(ctx context.Context, t *testing.T, c *client.Client) {
	t.Helper()
	var b strings.Builder
	b.WriteString("product_id,name,currency,unit_price_minor,stock\n")
	for i := range products {
		stock := ample
		if i == 0 {
			stock = scarce
		}
		fmt.Fprintf(&b, "P%d,Product %d,EUR,%d,%d\n", i, i, price(i), stock)
	}
	loaded, err := shop.Load(ctx, c, strings.NewReader(b.String()), nil)
	if err != nil || len(loaded.Refused) > 0 {
		t.Fatalf("load the catalogue: %v, refused %v", err, loaded.Refused)
	}
}

// price is that of a product, in minor units.
func price(product int) int { return 100 + product }

// startLoad lets the customers in. The client decides how patient they are.
func startLoad(t *testing.T, c *client.Client, seed uint64) *load {
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{cancel: cancel, placed: make(map[string]string)}
	for customer := range customers {
		rng := rand.New(rand.NewPCG(seed, uint64(customer)))
		l.group.Go(func() {
			tick := time.NewTicker(pause)
			defer tick.Stop()
			for n := 0; ctx.Err() == nil; n++ {
				// Begun orders are asked for to the end, so that none is unknown.
				l.place(t.Context(), c, fmt.Sprintf("%d-%d", customer, n), randomOrder(rng, l.rich.Load()))
				select {
				case <-tick.C:
				case <-ctx.Done():
				}
			}
		})
	}
	return l
}

func (l *load) place(ctx context.Context, c *client.Client, key string, body json.RawMessage) (id string) {
	placed, err := c.Place(ctx, key, body)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.failed = append(l.failed, fmt.Errorf("order %s: %w", key, err))
		return ""
	}
	l.placed[key] = placed.OrderID
	return placed.OrderID
}

// stop waits until every order is answered.
func (l *load) stop() (placed map[string]string, failed []error) {
	l.cancel()
	l.group.Wait()
	return l.placed, l.failed
}

// accepted is how many orders were accepted until now.
func (l *load) accepted() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.placed)
}

// randomOrder has one to three lines.
func randomOrder(rng *rand.Rand, rich bool) json.RawMessage {
	method := "pm_card_visa"
	if rng.IntN(declined) == 0 {
		method = "pm_card_chargeDeclined"
	}
	more := ""
	if rich {
		more = `,"customer_country":"GB","channel":"web"`
	}
	var items []string
	for _, p := range rng.Perm(products)[:1+rng.IntN(3)] {
		seen := ""
		if rich {
			seen = fmt.Sprintf(`,"unit_price":%d`, price(p))
		}
		items = append(items, fmt.Sprintf(`{"product_id":"P%d","quantity":%d%s}`, p, 1+rng.IntN(3), seen))
	}
	priority := order.Lanes()[rng.IntN(2)]
	return fmt.Appendf(nil, `{"customer_id":"c","currency":"EUR","payment_method":%q,"priority":%q,"items":[%s]%s}`, method, priority, strings.Join(items, ","), more)
}
