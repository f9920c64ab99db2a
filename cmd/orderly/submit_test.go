package main_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// shopfront answers as a system does that knows invoice "old" from long ago,
// and breaks down over invoice "last".
func shopfront(t *testing.T) string {
	t.Helper()
	taken := map[string]bool{"old": true} // requests to place come one at a time
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("POST /v1/orders", func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("Idempotency-Key")
		if key == "last" {
			_, _ = io.WriteString(w, "garbage")
			return
		}
		w.Header().Set("Idempotent-Replayed", fmt.Sprint(taken[key]))
		taken[key] = true
		_, _ = fmt.Fprintf(w, `{"order_id":"order-%s"}`, key)
	})
	mux.HandleFunc("GET /v1/orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		placed := "2026-01-01T00:00:09Z"
		if r.PathValue("id") == "order-old" {
			placed = "2025-01-01T00:00:00Z"
		}
		_, _ = fmt.Fprintf(w, `{"status":"confirmed","currency":"GBP","total_minor":100,"created_at":%q}`, placed)
	})
	mux.HandleFunc("GET /v1/orders/{id}/events", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"items":[{"name":"orders.confirmed","time":"2026-01-01T00:00:10Z"}]}`)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func invoices(names ...string) string {
	text := ""
	for _, name := range names {
		text += fmt.Sprintf("{\"invoice\":%q}\n", name)
	}
	return text
}

// An order counts once, however many lines name it, and the figures are of the
// orders that this submission made.
func TestSubmit_counts_an_order_once(t *testing.T) {
	t.Parallel()
	file := write(t, "orders.jsonl", invoices("old", "new", "new"))
	r := orderly(t, "orders", "submit", file, "--wait", "--concurrency", "1", "--url", shopfront(t), "--output", "json")
	r.wants(t, 0)
	var got struct {
		Accepted, Replayed int
		Outcome            struct {
			Orders, Confirmed, Timed int
			Revenue                  map[string]int64 `json:"revenue_minor"`
			P99                      float64          `json:"p99_ms"`
			PerSecond                float64          `json:"orders_per_second"`
		}
	}
	decode(t, r, &got)
	o := got.Outcome
	if got.Accepted != 3 || got.Replayed != 2 || o.Orders != 2 || o.Confirmed != 2 || o.Revenue["GBP"] != 200 {
		t.Errorf("got %+v, want 3 lines accepted that are 2 orders for 2.00 GBP", got)
	}
	if o.Timed != 1 || o.P99 != 1000 || o.PerSecond != 1 {
		t.Errorf("got %+v, want the figures of the new order alone: 1 s", o)
	}
}

// What was accepted before the system failed is told.
func TestSubmit_tells_how_far_it_came(t *testing.T) {
	t.Parallel()
	file := write(t, "orders.jsonl", invoices("one", "two", "last"))
	args := []string{"orders", "submit", file, "--wait", "--concurrency", "1", "--url", shopfront(t)}
	r := orderly(t, args...)
	r.wants(t, 1, "line 3: ")
	if !strings.Contains(r.stdout, "2 orders accepted") || !strings.Contains(r.stdout, "1 not answered") {
		t.Errorf("it printed %q", r.stdout)
	}
	r = orderly(t, append(args, "--output", "json")...)
	r.wants(t, 1)
	var got struct {
		shownSubmission
		Unanswered []int
	}
	decode(t, r, &got)
	if len(got.Orders) != 2 || got.Orders[1].OrderID != "order-two" || len(got.Unanswered) != 1 || got.Unanswered[0] != 3 {
		t.Errorf("got %+v, want the 2 orders and line 3 unanswered", got)
	}
}
