package allinone

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"orderly/internal/app"
	"orderly/internal/client"
	"orderly/internal/pgtest"
	"orderly/internal/verify"
	"orderly/order"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const patience = 60 * time.Second

// quick announces soon, so that a test need not wait for what the broker lost.
func quick() order.Policy {
	return order.Policy{Deadline: time.Hour, RedriveFirst: 300 * time.Millisecond, RedriveMax: time.Second}
}

func startIn(t *testing.T, dir string) *System {
	t.Helper()
	s, err := Start(t.Context(), Config{Dir: dir, Addr: "127.0.0.1:0", Version: "test", Policy: quick()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t testing.TB, s *System) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Errorf("stop: %v", err)
	}
}

func clientOf(t testing.TB, s *System) *client.Client {
	t.Helper()
	c, err := client.New(s.URL(), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func stock(t testing.TB, c *client.Client) {
	t.Helper()
	if err := c.PutProduct(t.Context(), client.Product{ProductID: "MUG", Name: "Mug", Currency: "EUR", UnitPriceMinor: 1250}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.AdjustStock(t.Context(), "delivery", "MUG", 1_000_000, "delivery"); err != nil {
		t.Fatal(err)
	}
}

// G1: the streams are deleted under load, with all that they held. The services
// make them again, redrive announces what was lost, and every order ends, with
// the books right, without anybody's help.
func TestG1_the_broker_loses_everything(t *testing.T) {
	t.Parallel()
	s := startIn(t, t.TempDir())
	c := clientOf(t, s)
	stock(t, c)
	const users, each = 8, 40
	var wg sync.WaitGroup
	for user := range users {
		wg.Go(func() {
			for n := range each {
				card := "pm_card_visa"
				if n%5 == 4 {
					card = "pm_card_chargeDeclined"
				}
				body := json.RawMessage(fmt.Sprintf(`{"customer_id":"c%d","currency":"EUR","payment_method":%q,"items":[{"product_id":"MUG","quantity":2}]}`, user, card))
				if _, err := c.Place(t.Context(), fmt.Sprintf("%d-%d", user, n), body); err != nil {
					t.Errorf("place: %v", err)
					return
				}
				if user == 0 && n%13 == 12 {
					lose(t, s)
				}
			}
		})
	}
	wg.Wait()
	report, err := verify.Run(t.Context(), verify.Options{URL: s.URL(), Wait: patience, Grace: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if !report.Clean() || report.Open > 0 || report.Orders != users*each {
		t.Errorf("%d orders, %d open, findings: %v", report.Orders, report.Open, report.Findings)
	}
}

func lose(t *testing.T, s *System) {
	t.Helper()
	for _, name := range []string{app.StreamOrders, app.StreamInventory, app.StreamPayments} {
		if err := s.bus.JetStream().DeleteStream(t.Context(), name); err != nil {
			t.Logf("delete %s: %v", name, err) // it is just being made again
		}
	}
}

// G8: a stop leaves nothing behind, and a start goes on where it was.
func TestStart_goes_on_where_it_stopped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := Start(t.Context(), Config{Dir: dir, Addr: "127.0.0.1:0", Policy: quick()})
	if err != nil {
		t.Fatal(err)
	}
	c := clientOf(t, first)
	stock(t, c)
	placed, err := c.Place(t.Context(), "one", json.RawMessage(`{"customer_id":"c","currency":"EUR","payment_method":"pm_card_visa","items":[{"product_id":"MUG","quantity":1}]}`))
	if err != nil {
		t.Fatal(err)
	}
	stop(t, first)
	c = clientOf(t, startIn(t, dir))
	if o, err := c.Ended(t.Context(), placed.OrderID); err != nil || o.Status != "confirmed" {
		t.Errorf("order after the restart: %+v, %v", o, err)
	}
}

// A directory that has lost one of its databases is refused: an empty one in its
// place would forget what the others know of.
func TestStart_refuses_half_a_directory(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(file string) error{
		"missing": os.Remove,
		"empty":   func(file string) error { return os.Truncate(file, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			s, err := Start(t.Context(), Config{Dir: dir, Addr: "127.0.0.1:0", Policy: quick()})
			if err != nil {
				t.Fatal(err)
			}
			stop(t, s)
			if err := damage(filepath.Join(dir, "payment.db")); err != nil {
				t.Fatal(err)
			}
			_, err = Start(t.Context(), Config{Dir: dir, Addr: "127.0.0.1:0", Policy: quick()})
			if err == nil || !strings.Contains(err.Error(), "payment.db is missing or empty") {
				t.Errorf("got %v, want that payment.db is missing or empty", err)
			}
		})
	}
}

// A busy port is refused before anything is made.
func TestStart_on_a_busy_port_leaves_no_trace(t *testing.T) {
	t.Parallel()
	s := startIn(t, t.TempDir())
	dir := filepath.Join(t.TempDir(), "new")
	_, err := Start(t.Context(), Config{Dir: dir, Addr: strings.TrimPrefix(s.URL(), "http://"), Policy: quick()})
	if err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("got %v, want that the address is in use", err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the directory was made: %v", err)
	}
}
