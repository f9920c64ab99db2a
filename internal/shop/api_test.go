package shop_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"orderly/internal/client"
	"orderly/internal/shop"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// api serves handler and returns a client of it that asks once.
func api(t *testing.T, handler http.HandlerFunc) *client.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c, err := client.New(server.URL, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func reply(w http.ResponseWriter, status int, body string) {
	kind := "application/json"
	if status >= 400 {
		kind = "application/problem+json"
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// warehouse applies each adjustment of stock once by its key.
type warehouse struct {
	mu    sync.Mutex // guards what follows
	keys  map[string]bool
	added int
}

func (h *warehouse) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case strings.Contains(r.URL.Path, "BAD"):
		reply(w, http.StatusUnprocessableEntity, `{"detail":"not this one"}`)
	case r.Method == http.MethodPut:
		reply(w, http.StatusOK, `{}`)
	case h.keys[r.Header.Get("Idempotency-Key")]:
		w.Header().Set("Idempotent-Replayed", "true")
		reply(w, http.StatusOK, `{}`)
	default:
		h.keys[r.Header.Get("Idempotency-Key")] = true
		h.added++
		reply(w, http.StatusOK, `{}`)
	}
}

func TestLoad_adds_a_files_stock_once(t *testing.T) {
	t.Parallel()
	h := &warehouse{keys: make(map[string]bool)}
	c := api(t, h.ServeHTTP)
	catalogue := header + "A,One,GBP,1,5\nB,Two,GBP,1,5\nnonsense\nBAD,Three,GBP,1,5\nEMPTY,Four,GBP,1,0\n"
	for round, again := range []int{0, 2} {
		lines := 0
		got, err := shop.Load(t.Context(), c, strings.NewReader(catalogue), func(shop.Loaded) { lines++ })
		if err != nil {
			t.Fatal(err)
		}
		if got.Products != 3 || got.Again != again || len(got.Refused) != 2 || lines != 5 {
			t.Errorf("round %d: got %+v after %d lines, want 3 products, %d of them again, 2 refused", round, got, lines, again)
		}
	}
	if _, err := shop.Load(t.Context(), c, strings.NewReader(header+"A,One,GBP,1,7\n"), nil); err != nil {
		t.Fatal(err)
	}
	if h.added != 3 {
		t.Errorf("stock was added %d times, want 3: once a product and content of the file", h.added)
	}
}

func TestLoad_ends_when_the_system_fails(t *testing.T) {
	t.Parallel()
	c := api(t, func(w http.ResponseWriter, _ *http.Request) {
		reply(w, http.StatusInternalServerError, `{"detail":"broken"}`)
	})
	_, err := shop.Load(t.Context(), c, strings.NewReader(header+strings.Repeat("A,One,GBP,1,5\n", 10)), nil)
	if err == nil || !strings.Contains(err.Error(), "line 2: product A: broken") {
		t.Errorf("got %v, want the line and the reason", err)
	}
}

func TestSubmit_tells_of_every_line(t *testing.T) {
	t.Parallel()
	var underWay, most atomic.Int64
	c := api(t, func(w http.ResponseWriter, r *http.Request) {
		now := underWay.Add(1)
		defer underWay.Add(-1)
		for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
		}
		key := r.Header.Get("Idempotency-Key")
		if key == "3" {
			reply(w, http.StatusUnprocessableEntity, `{"errors":[{"location":"body.items[0].quantity","message":"must be at least 1"}]}`)
			return
		}
		reply(w, http.StatusAccepted, fmt.Sprintf(`{"order_id":"order-%s"}`, key))
	})
	var file strings.Builder
	for i := range 40 {
		fmt.Fprintf(&file, "{\"invoice\":%d}\n", i)
	}
	file.WriteString("garbage\n")
	orders, refused := 0, ""
	err := shop.Submit(t.Context(), c, shop.NewOrderReader(strings.NewReader(file.String()), "f"), shop.SubmitOptions{
		Concurrency: 4,
		Done: func(s shop.Submitted) {
			switch {
			case s.Refusal != nil:
				refused += s.Refusal.String() + "\n"
			case s.OrderID == "order-"+s.Invoice:
				orders++
			}
		},
	})
	if err != nil || orders != 39 {
		t.Errorf("got %d orders and %v, want 39", orders, err)
	}
	for _, want := range []string{"line 4: invoice 3: body.items[0].quantity: must be at least 1\n", "line 41: is not a JSON object\n"} {
		if !strings.Contains(refused, want) {
			t.Errorf("got refusals %q, want %q", refused, want)
		}
	}
	if most.Load() > 4 {
		t.Errorf("%d orders were under way at once, want at most 4", most.Load())
	}
}

func TestSubmit_keeps_its_rate(t *testing.T) {
	t.Parallel()
	c := api(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusAccepted, `{"order_id":"o"}`) })
	began := time.Now()
	file := strings.NewReader(strings.Repeat("{}\n", 21))
	if err := shop.Submit(t.Context(), c, shop.NewOrderReader(file, "f"), shop.SubmitOptions{Concurrency: 8, PerSecond: 100}); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 200*time.Millisecond {
		t.Errorf("21 orders at 100 a second took %s, want 200ms at least", took)
	}
}

func TestSubmit_ends_when_the_system_fails(t *testing.T) {
	t.Parallel()
	c := api(t, func(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusServiceUnavailable, `{}`) })
	err := shop.Submit(t.Context(), c, shop.NewOrderReader(strings.NewReader("{}\n"), "f"), shop.SubmitOptions{})
	var p *client.Problem
	if !errors.As(err, &p) || !strings.HasPrefix(err.Error(), "line 1: ") {
		t.Errorf("got %v, want the line and the problem", err)
	}
}

func TestAwait_tells_how_orders_ended(t *testing.T) {
	t.Parallel()
	end := map[string]string{
		"a": `{"status":"confirmed","currency":"GBP","total_minor":150,"created_at":"2026-01-01T00:00:00Z"}`,
		"b": `{"status":"confirmed","currency":"GBP","total_minor":50,"created_at":"2026-01-01T00:00:01Z"}`,
		"c": `{"status":"cancelled","reason":"out_of_stock","currency":"GBP","created_at":"2026-01-01T00:00:01Z"}`,
	}
	c := api(t, func(w http.ResponseWriter, r *http.Request) {
		id, events := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/v1/orders/"), "/events")
		if events {
			reply(w, http.StatusOK, `{"items":[{"name":"orders.created","time":"2026-01-01T00:00:01Z"},
				{"name":"orders.confirmed","time":"2026-01-01T00:00:02Z"},
				{"name":"orders.cancelled","time":"2026-01-01T00:00:04Z"},
				{"name":"inventory.committed","time":"2026-01-01T00:00:09Z"}]}`)
			return
		}
		reply(w, http.StatusOK, end[id])
	})
	done := 0
	o, err := shop.Await(t.Context(), c, []string{"a", "b", "c"}, shop.AwaitOptions{Done: func(int) { done++ }})
	if err != nil {
		t.Fatal(err)
	}
	if o.Confirmed != 2 || o.Cancelled["out_of_stock"] != 1 || o.Revenue["GBP"] != 200 || done != 3 {
		t.Errorf("got %+v", o)
	}
	for q, want := range map[float64]time.Duration{0: time.Second, 0.5: 2 * time.Second, 0.99: 3 * time.Second, 1: 3 * time.Second} {
		if got := o.Took(q); got != want {
			t.Errorf("took at %v: got %s, want %s", q, got, want)
		}
	}
	if got := o.PerSecond(); got != 0.75 {
		t.Errorf("got %v orders a second, want 3 in 4 s", got)
	}
	if none := (shop.Outcome{}); none.Took(0.5) != 0 || none.PerSecond() != 0 {
		t.Error("no orders have figures")
	}
}
