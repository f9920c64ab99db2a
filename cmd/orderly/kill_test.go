package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"orderly/internal/client"
	"orderly/internal/shop"
)

const (
	kills       = 24
	killTenants = 6 // who place orders all the time
	killProduct = 8
	killScarce  = 100       // units of the first product: most orders for it find none left
	killAmple   = 1_000_000 // units of the others
	// killWithin bounds the life of a system from its start to its kill, so
	// that many die while they start.
	killWithin = 900 * time.Millisecond
	// endLimit is more than it takes a broker to deliver again what the last
	// kill left unacknowledged.
	endLimit   = 45 * time.Second
	auditEvery = 3 * time.Second
)

// TestKill_loses_nothing kills the system under load with SIGKILL, again and
// again, and starts it on the same directory. Every order that was answered 202
// ends, none is there twice, and the audit is clean: G1 to G5.
func TestKill_loses_nothing(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(seed(t), 0))
	address, dir := freeAddress(t), t.TempDir()
	start := func() *process {
		return spawn(t, "--data", dir, "--http", address, "--deadline", "60s", "--redrive-after", "1s", "--redrive-max", "5s")
	}
	system := start()
	system.url(t)
	c, err := client.New("http://"+address, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := shop.Load(t.Context(), c, strings.NewReader(killCatalogue()), nil); err != nil {
		t.Fatal(err)
	}
	load := startLoad(t, c, rng.Uint64())
	for range kills {
		pause(time.Duration(rng.Int64N(int64(killWithin))))
		system.stop(t, syscall.SIGKILL)
		system = start()
	}
	system.url(t)
	placed := load.stop(t)
	checkNothingLost(t, c, placed)
	auditUntilClean(t, c)
	if code := system.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("the last system ended with %d: %s", code, system.stderr)
	}
}

// seed is ORDERLY_TEST_SEED, or new; a failing run prints it.
func seed(t *testing.T) uint64 {
	t.Helper()
	s := rand.Uint64()
	if text := os.Getenv("ORDERLY_TEST_SEED"); text != "" {
		var err error
		if s, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("ORDERLY_TEST_SEED: %v", err)
		}
	}
	t.Logf("ORDERLY_TEST_SEED=%d", s)
	return s
}

// pause lets the system live for a while: when it dies is what is tried out.
func pause(d time.Duration) { <-time.After(d) }

func killCatalogue() string {
	var b strings.Builder
	b.WriteString(header)
	for i := range killProduct {
		stock := killAmple
		if i == 0 {
			stock = killScarce
		}
		fmt.Fprintf(&b, "P%d,Product %d,EUR,%d,%d\n", i, i, 100+i, stock)
	}
	return b.String()
}

// load places orders until it is stopped, each until it is answered.
type load struct {
	cancel context.CancelFunc
	group  errgroup.Group

	mu     sync.Mutex        // guards placed
	placed map[string]string // order id by idempotency key
}

func startLoad(t *testing.T, c *client.Client, seed uint64) *load {
	ctx, cancel := context.WithCancel(t.Context())
	l := &load{cancel: cancel, placed: make(map[string]string)}
	for tenant := range killTenants {
		rng := rand.New(rand.NewPCG(seed, uint64(tenant)))
		l.group.Go(func() error {
			for n := 0; ctx.Err() == nil; n++ {
				// Begun orders are asked for to the end, so that none is unknown.
				if err := l.place(t.Context(), c, fmt.Sprintf("%d-%d", tenant, n), randomOrder(rng)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return l
}

func (l *load) place(ctx context.Context, c *client.Client, key string, body json.RawMessage) error {
	placed, err := c.Place(ctx, key, body)
	if err != nil {
		return fmt.Errorf("order %s: %w", key, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.placed[key] = placed.OrderID
	return nil
}

func (l *load) stop(t *testing.T) map[string]string {
	t.Helper()
	l.cancel()
	if err := l.group.Wait(); err != nil {
		t.Fatal(err)
	}
	return l.placed
}

// randomOrder has one to three lines; one in eight is declined.
func randomOrder(rng *rand.Rand) json.RawMessage {
	method := "pm_card_visa"
	if rng.IntN(8) == 0 {
		method = "pm_card_chargeDeclined"
	}
	var items []string
	for _, p := range rng.Perm(killProduct)[:1+rng.IntN(3)] {
		items = append(items, fmt.Sprintf(`{"product_id":"P%d","quantity":%d}`, p, 1+rng.IntN(3)))
	}
	return fmt.Appendf(nil, `{"customer_id":"c","currency":"EUR","payment_method":%q,"items":[%s]}`, method, strings.Join(items, ","))
}

func checkNothingLost(t *testing.T, c *client.Client, placed map[string]string) {
	t.Helper()
	ids := make([]string, 0, len(placed))
	for _, id := range placed {
		ids = append(ids, id)
	}
	ctx, cancel := context.WithTimeout(t.Context(), endLimit)
	defer cancel()
	outcome, err := shop.Await(ctx, c, ids, shop.AwaitOptions{})
	if err != nil {
		tellOpen(t, c)
		t.Fatalf("G1: of %d orders accepted only %d ended: %v", len(ids), outcome.Orders, err)
	}
	t.Logf("%d kills, %d orders: %d confirmed, cancelled %v; the slowest took %s",
		kills, outcome.Orders, outcome.Confirmed, outcome.Cancelled, outcome.Took(1))
	if outcome.Confirmed == 0 || outcome.Cancelled["out_of_stock"] == 0 || outcome.Cancelled["payment_declined"] == 0 {
		t.Error("the load was too small to try anything out")
	}
	known := make(map[string]bool)
	for _, id := range ids {
		known[id] = true
	}
	if len(known) != len(placed) {
		t.Errorf("G4: %d keys were given %d orders", len(placed), len(known))
	}
	there := 0
	for o, err := range c.Orders(ctx, "", "") {
		if err != nil {
			t.Fatal(err)
		}
		if there++; !known[o.OrderID] {
			t.Errorf("G4: order %s belongs to no key: a repeated request made a second one", o.OrderID)
		}
	}
	if there != len(known) {
		t.Errorf("G1: %d orders are listed, %d were accepted", there, len(known))
	}
}

// auditUntilClean gives the system until endLimit: what the last kill cut off
// between a commit and its event is told when the broker delivers its cause
// again.
func auditUntilClean(t *testing.T, c *client.Client) {
	t.Helper()
	late := time.After(endLimit)
	for {
		audit := orderly(t, "verify", "--url", c.URL(), "--wait", endLimit.String())
		if audit.code == 0 {
			return
		}
		select {
		case <-late:
			t.Fatalf("after %s the audit still finds (exit code %d, %q)\n%.5000s", endLimit, audit.code, audit.stderr, audit.stdout)
		case <-time.After(auditEvery):
		}
	}
}

// tellOpen logs which orders have not ended, and how far they have come.
func tellOpen(t *testing.T, c *client.Client) {
	for _, status := range []string{"pending", "reserved"} {
		for o, err := range c.Orders(t.Context(), status, "") {
			if err != nil {
				t.Fatal(err)
			}
			events, err := c.Events(t.Context(), o.OrderID)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("order %s of %s is %s:", o.OrderID, o.CreatedAt, o.Status)
			for _, e := range events {
				t.Logf("  %s %s %s", e.Time, e.Name, e.ID)
			}
		}
	}
}
