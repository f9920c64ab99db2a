package allinone

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"orderly/internal/app"
	"orderly/internal/client"
	"orderly/internal/verify"
)

// place places orders of one item, several at a time.
func place(t *testing.T, c *client.Client, name string, orders int) {
	t.Helper()
	var wg sync.WaitGroup
	for user := range 8 {
		wg.Go(func() {
			for n := user; n < orders; n += 8 {
				body := json.RawMessage(fmt.Sprintf(`{"customer_id":"c%d","currency":"EUR","payment_method":"pm_card_visa","items":[{"product_id":"MUG","quantity":1}]}`, user))
				if _, err := c.Place(t.Context(), fmt.Sprintf("%s-%d", name, n), body); err != nil {
					t.Errorf("place: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
}

// G1: the broker comes back as it was a while ago, with fewer messages than it
// acknowledged, whose places new ones take. That is found and logged, and every
// order ends, each charged once.
func TestG1_the_broker_goes_back_in_time(t *testing.T) {
	t.Parallel()
	const orders = 80 // in each of three lives
	dir := t.TempDir()
	store, backup := filepath.Join(dir, "nats"), filepath.Join(t.TempDir(), "nats")
	live := func(name string, log *zap.Logger) *System {
		t.Helper()
		s, err := Start(t.Context(), Config{Dir: dir, Addr: "127.0.0.1:0", Policy: quick(), Logger: log})
		if err != nil {
			t.Fatal(err)
		}
		c := clientOf(t, s)
		stock(t, c)
		place(t, c, name, orders)
		return s
	}
	stop(t, live("first", nil))
	if err := os.CopyFS(backup, os.DirFS(store)); err != nil {
		t.Fatal(err)
	}
	stop(t, live("second", nil)) // with orders under way
	if err := errors.Join(os.RemoveAll(store), os.CopyFS(store, os.DirFS(backup))); err != nil {
		t.Fatal(err)
	}
	core, logs := observer.New(zap.ErrorLevel)
	logged := make(chan struct{}, 1)
	s := live("third", zap.New(core, zap.Hooks(func(zapcore.Entry) error {
		select {
		case logged <- struct{}{}:
		default: // whoever waits looks at all there is
		}
		return nil
	})))
	defer stop(t, s)
	late := time.After(patience)
	for _, stream := range []string{app.StreamOrders, app.StreamInventory, app.StreamPayments} {
		for logs.FilterField(zap.String("stream", stream)).FilterField(zap.String("kind", "rolled_back")).Len() == 0 {
			select {
			case <-logged:
			case <-late:
				t.Fatalf("the loss of %s was not logged: %v", stream, logs.All())
			}
		}
	}
	// Each service finds the loss by itself and notes it a little later: what is
	// found before that is looked at again.
	report, err := verify.Run(t.Context(), verify.Options{URL: s.URL(), Wait: patience, Grace: time.Millisecond, Confirm: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if !report.Clean() || report.Open > 0 || report.Orders != 3*orders {
		t.Errorf("%d orders, %d open, findings: %v", report.Orders, report.Open, report.Findings)
	}
}
