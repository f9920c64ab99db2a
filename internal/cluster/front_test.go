package cluster_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"orderly/internal/cluster"
)

// replica is a service that says its name and what it was sent.
func replica(t *testing.T, service, name string) (*cluster.Replica, *httptest.Server) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // an empty one fails the test
		fmt.Fprintf(w, "%s %s %s %s", name, r.Method, r.URL.RequestURI(), body)
	}))
	t.Cleanup(s.Close)
	return &cluster.Replica{Service: service, URL: s.URL}, s
}

func front(t *testing.T, replicas ...*cluster.Replica) *http.Client {
	t.Helper()
	f, err := cluster.StartFront(replicas...)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Transport: &toFront{f.URL(), &http.Transport{}}}
	t.Cleanup(func() {
		c.CloseIdleConnections()
		if err := f.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return c
}

// toFront sends requests without a host to the front.
type toFront struct {
	base string
	*http.Transport
}

func (f *toFront) RoundTrip(r *http.Request) (*http.Response, error) {
	r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(f.base, "http://")
	return f.Transport.RoundTrip(r)
}

func ask(t *testing.T, c *http.Client, method, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://front"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func TestFront_knows_who_answers_what(t *testing.T) {
	t.Parallel()
	order, _ := replica(t, cluster.Order, "order")
	inventory, _ := replica(t, cluster.Inventory, "inventory")
	payment, _ := replica(t, cluster.Payment, "payment")
	c := front(t, order, inventory, payment)
	for path, want := range map[string]string{
		"/v1/orders": "order", "/v1/orders/1?wait=5s": "order", "/v1/audit/orders": "order", "/v1/audit/open": "order",
		"/v1/audit/events": "order", "/livez": "order", "/openapi.yaml": "order",
		"/v1/products": "inventory", "/v1/reservations/1": "inventory", "/v1/products/A/stock": "inventory", "/v1/audit/inventory": "inventory",
		"/v1/payments/1": "payment", "/v1/gateway": "payment", "/v1/audit/payments": "payment", "/v1/audit/charges": "payment",
		"/v1/dead-letters/order": "order", "/v1/dead-letters/inventory/1": "inventory", "/v1/dead-letters/payment?limit=5": "payment",
	} {
		if status, got := ask(t, c, http.MethodGet, path, ""); status != 200 || got != want+" GET "+path+" " {
			t.Errorf("GET %s: %d %q, want the answer of %s", path, status, got, want)
		}
	}
}

// What a replica did not answer the other one gets, writes and their bodies too.
func TestFront_asks_the_next_replica(t *testing.T) {
	t.Parallel()
	var cut atomic.Int64
	rude := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cut.Add(1)
		_, _ = io.Copy(io.Discard, r.Body) // it takes the request and hangs up
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(rude.Close)
	_, gone := replica(t, cluster.Order, "gone")
	gone.Close()
	good, _ := replica(t, cluster.Order, "good")
	c := front(t, &cluster.Replica{Service: cluster.Order, URL: rude.URL}, &cluster.Replica{Service: cluster.Order, URL: gone.URL}, good)
	for i := range 12 {
		body := fmt.Sprint("order ", i)
		if status, got := ask(t, c, http.MethodPost, "/v1/orders", body); status != 200 || got != "good POST /v1/orders "+body {
			t.Errorf("order %d: %d %q", i, status, got)
		}
	}
	if cut.Load() == 0 {
		t.Error("the rude replica was never asked: nothing was tried out")
	}
}

func TestFront_says_that_nobody_answers(t *testing.T) {
	t.Parallel()
	one, server := replica(t, cluster.Order, "one")
	c := front(t, one)
	server.Close()
	if status, got := ask(t, c, http.MethodPost, "/v1/orders", "{}"); status != 503 || !strings.Contains(got, "no replica answers") {
		t.Errorf("%d %q", status, got)
	}
	if status, _ := ask(t, c, http.MethodGet, "/v1/products", ""); status != 503 {
		t.Errorf("a service without replicas: %d", status)
	}
}
