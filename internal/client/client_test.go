package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"orderly/internal/client"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// system starts a server that answers with each of the handlers in turn, and
// with the last one from then on.
func system(t *testing.T, patience time.Duration, handlers ...http.HandlerFunc) (*client.Client, *atomic.Int64) {
	t.Helper()
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int(calls.Add(1))
		handlers[min(n, len(handlers))-1](w, r)
	}))
	t.Cleanup(server.Close)
	c, err := client.New(server.URL+"/", patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, &calls
}

func answer(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func refuse(status int, body string) http.HandlerFunc {
	return answer(status, "application/problem+json", body)
}

func cut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "100")
	_, _ = io.WriteString(w, "{")
}

func TestPlace_repeats_the_same_request_until_it_is_answered(t *testing.T) {
	t.Parallel()
	var seen []string
	accept := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		seen = append(seen, r.Header.Get("Idempotency-Key")+" "+string(body))
		w.Header().Set("Idempotent-Replayed", "true")
		answer(http.StatusAccepted, "application/json", `{"order_id":"o1","status":"pending"}`)(w, r)
	}
	busy := refuse(http.StatusServiceUnavailable, `{"status":503,"detail":"busy"}`)
	c, calls := system(t, time.Minute, busy, cut, busy, accept)
	placed, err := c.Place(t.Context(), "k1", []byte(`{"customer_id":"c"}`))
	if err != nil {
		t.Fatal(err)
	}
	if placed.OrderID != "o1" || !placed.Replayed {
		t.Errorf("got %+v, want o1, replayed", placed)
	}
	if calls.Load() != 4 || seen[0] != `k1 {"customer_id":"c"}` {
		t.Errorf("got %d calls, the last with %q", calls.Load(), seen)
	}
}

func TestPlace_needs_a_key(t *testing.T) {
	t.Parallel()
	c, calls := system(t, time.Minute, answer(http.StatusAccepted, "application/json", `{}`))
	if _, err := c.Place(t.Context(), "", []byte(`{}`)); err == nil || calls.Load() != 0 {
		t.Errorf("got error %v after %d calls, want a refusal without one", err, calls.Load())
	}
}

func TestClient_returns_a_refusal_at_once(t *testing.T) {
	t.Parallel()
	c, calls := system(t, time.Minute, refuse(http.StatusUnprocessableEntity,
		`{"status":422,"title":"Not valid","detail":"2 faults","errors":[{"location":"body.currency","message":"not a currency"},{"message":"odd"}]}`))
	_, err := c.Order(t.Context(), "o1", 0)
	var p *client.Problem
	if !errors.As(err, &p) || !p.Refused() || p.Status != http.StatusUnprocessableEntity {
		t.Fatalf("got %v, want a refusal with 422", err)
	}
	if got, want := err.Error(), "body.currency: not a currency; odd"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if calls.Load() != 1 {
		t.Errorf("asked %d times, want 1", calls.Load())
	}
}

func TestProblem_Error(t *testing.T) {
	t.Parallel()
	many := strings.Repeat(`{"location":"body","message":"x"},`, 7)
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		want    string
	}{
		"detail":            {refuse(409, `{"detail":"too late"}`), "too late"},
		"title":             {refuse(409, `{"title":"Conflicting"}`), "409 Conflicting"},
		"no body":           {refuse(404, ``), "GET /v1/orders/o1 answered 404 Not Found"},
		"not ours":          {answer(502, "text/html", `<html>`), "GET /v1/orders/o1 answered 502 Bad Gateway"},
		"its own fault":     {refuse(500, `{"detail":"broken","correlation_id":"c-1"}`), "broken (c-1)"},
		"a long list":       {refuse(422, `{"errors":[`+strings.TrimSuffix(many, ",")+`]}`), strings.Repeat("body: x; ", 5) + "and 2 more"},
		"status in a lie":   {refuse(404, `{"status":200}`), "404 Not Found"},
		"a broken document": {refuse(400, `{"detail":`), "GET /v1/orders/o1 answered 400 Bad Request"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, _ := system(t, 0, c.handler)
			_, err := api.Order(t.Context(), "o1", 0)
			if err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestClient_gives_up_on_a_system_that_stays_away(t *testing.T) {
	t.Parallel()
	for _, patience := range []time.Duration{0, 200 * time.Millisecond} {
		c, err := client.New("http://127.0.0.1:1", patience)
		if err != nil {
			t.Fatal(err)
		}
		err = c.Ping(t.Context())
		var away *client.Unreachable
		if !errors.As(err, &away) || !strings.Contains(err.Error(), "orderly up") {
			t.Errorf("patience %s: got %v, want that nothing answers and what to do", patience, err)
		}
		if _, err := c.Order(t.Context(), "o1", 0); !errors.As(err, &away) {
			t.Errorf("patience %s: got %v, want that nothing answers", patience, err)
		}
	}
}

func TestClient_ends_with_its_context(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c, _ := system(t, time.Hour, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if _, err := c.Order(ctx, "o1", 0); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was cancelled", err)
	}
}

func TestNew_refuses_what_is_no_address(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "127.0.0.1:8080", "ftp://x", "http://", "http://a b"} {
		if _, err := client.New(base, 0); err == nil {
			t.Errorf("%q was taken", base)
		}
	}
}

func TestOrders_walks_all_pages(t *testing.T) {
	t.Parallel()
	c, calls := system(t, 0, func(w http.ResponseWriter, r *http.Request) {
		body := `{"items":[{"order_id":"a"},{"order_id":"b"}],"next":"2"}`
		if r.URL.Query().Get("cursor") == "2" {
			body = `{"items":[{"order_id":"c"}]}`
		}
		if r.URL.Query().Get("status") != "pending" || r.URL.Query().Get("customer_id") != "me" {
			t.Errorf("asked for %s", r.URL)
		}
		answer(http.StatusOK, "application/json", body)(w, r)
	})
	orders := c.Orders(t.Context(), "pending", "me")
	for range 2 { // a walk leaves nothing behind for the next
		ids := ""
		for o, err := range orders {
			if err != nil {
				t.Fatal(err)
			}
			ids += o.OrderID
		}
		if ids != "abc" {
			t.Errorf("got %s, want abc", ids)
		}
	}
	if calls.Load() != 4 {
		t.Errorf("asked %d times, want 4", calls.Load())
	}
}

func TestEnded_asks_until_the_order_has_ended(t *testing.T) {
	t.Parallel()
	pending := answer(http.StatusOK, "application/json", `{"order_id":"a","status":"pending"}`)
	c, calls := system(t, 0, pending, pending, answer(http.StatusOK, "application/json", `{"order_id":"a","status":"cancelled"}`))
	o, err := c.Ended(t.Context(), "a")
	if err != nil || o.Status != client.Cancelled || calls.Load() != 3 {
		t.Errorf("got %+v, %v after %d calls", o, err, calls.Load())
	}
}

func TestProducts_ids_are_escaped(t *testing.T) {
	t.Parallel()
	var path string
	c, _ := system(t, 0, func(_ http.ResponseWriter, r *http.Request) { path = r.URL.EscapedPath() })
	if err := c.PutProduct(t.Context(), client.Product{ProductID: "BANK CHARGES/?"}); err != nil {
		t.Fatal(err)
	}
	if want := "/v1/products/BANK%20CHARGES%2F%3F"; path != want {
		t.Errorf("got %s, want %s", path, want)
	}
}
