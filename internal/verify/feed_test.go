package verify_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"orderly/internal/audit"
	"orderly/internal/verify"
)

// canned serves feeds from memory; a path that it does not have is an error.
type canned map[string]string

func (c canned) Open(_ context.Context, path string) (io.ReadCloser, error) {
	body, ok := c[path]
	if !ok {
		return nil, io.ErrClosedPipe
	}
	return io.NopCloser(bytes.NewBufferString(body)), nil
}

const (
	head    = `{"head":{"at":"2026-01-02T03:04:05Z"}}` + "\n"
	nothing = head + `{"end":{"records":0}}` + "\n"
)

// nothingAt is a system that never had an order.
func nothingAt() canned {
	return canned{
		audit.PathOrders: nothing, audit.PathInventory: nothing, audit.PathPayments: nothing, audit.PathCharges: nothing,
		audit.PathEvents: head + `{"stream":{"name":"A","domain":"orders"}}
			{"stream":{"name":"B","domain":"inventory"}} {"stream":{"name":"C","domain":"payments"}}
			{"end":{"records":3}}`,
	}
}

// A feed that says less than it should is an error, never a clean report.
func TestRun_is_not_fooled(t *testing.T) {
	t.Parallel()
	if r, err := verify.Run(t.Context(), verify.Options{Source: nothingAt()}); err != nil || !r.Clean() || r.Orders != 0 {
		t.Fatalf("a system without orders: %+v, %v", r, err)
	}
	paths := []string{audit.PathOrders, audit.PathInventory, audit.PathPayments, audit.PathCharges, audit.PathEvents}
	for what, body := range map[string]string{
		"empty":              "",
		"without an end":     head,
		"cut inside a line":  head + `{"payment":{"order_id":"0`,
		"without a head":     `{"end":{"records":0}}`,
		"a record short":     head + `{"stray":{"table":"x","of":"y"}}` + `{"end":{"records":2}}`,
		"broken off":         head + `{"end":{"records":0,"failed":"the database went away"}}`,
		"going on":           nothing + nothing,
		"of another version": head + `{"surprise":{}}` + `{"end":{"records":1}}`,
		"with two in one":    head + `{"open":{"order_id":"a"},"stray":{"table":"x","of":"y"}}` + `{"end":{"records":1}}`,
		"no JSON":            "<html>",
		"of another feed":    head + `{"open":{"order_id":"a"}} {"end":{"records":1}}`,
	} {
		for _, path := range paths {
			t.Run(what+path, func(t *testing.T) {
				t.Parallel()
				feeds := nothingAt()
				feeds[path] = body
				r, err := verify.Run(t.Context(), verify.Options{Source: feeds})
				if err == nil {
					t.Fatalf("the report is %+v", r)
				}
				if !strings.Contains(err.Error(), path) {
					t.Errorf("the error does not name %s: %v", path, err)
				}
			})
		}
	}
}

func TestRun_needs_every_feed(t *testing.T) {
	t.Parallel()
	for path := range nothingAt() {
		feeds := nothingAt()
		delete(feeds, path)
		if r, err := verify.Run(t.Context(), verify.Options{Source: feeds}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("without %s: %+v, %v", path, r, err)
		}
	}
	for _, domain := range []string{"orders", "inventory", "payments"} {
		feeds := nothingAt()
		feeds[audit.PathEvents] = strings.Replace(feeds[audit.PathEvents], domain, "other", 1)
		if r, err := verify.Run(t.Context(), verify.Options{Source: feeds}); err == nil {
			t.Errorf("without the stream of %s: %+v", domain, r)
		}
	}
}

func TestRun_says_what_is_wrong_with_an_address(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	for url, part := range map[string]string{
		"":               "no URL",
		"127.0.0.1:8080": "is not the URL of a system",
		"here":           "is not the URL of a system",
		server.URL:       "answered 404",
	} {
		_, err := verify.Run(t.Context(), verify.Options{URL: url, Client: client(t)})
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q gives %v, want %q", url, err, part)
		}
	}
}

// Feeds that are merged must be in the order of their orders.
func TestRun_needs_order(t *testing.T) {
	t.Parallel()
	for path, lines := range map[string]string{
		audit.PathOrders:    `{"key":{"id":"x","order_id":"a"}} {"order":{"id":"a"}}`,
		audit.PathPayments:  `{"payment":{"order_id":"b"}} {"payment":{"order_id":"a"}}`,
		audit.PathInventory: `{"reservation":{"order_id":"a"}} {"reservation":{"order_id":"a"}}`,
		audit.PathCharges:   `{"charge":{"order_id":"b"}} {"charge":{"order_id":"a"}}`,
	} {
		feeds := nothingAt()
		feeds[path] = head + lines + `{"end":{"records":2}}`
		if r, err := verify.Run(t.Context(), verify.Options{Source: feeds}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %+v, %v", path, r, err)
		}
	}
}

// The report names as many as it may hold and counts all.
func TestRun_bounds_the_list(t *testing.T) {
	t.Parallel()
	feeds := nothingAt()
	feeds[audit.PathCharges] = head + `{"charge":{"order_id":"a","id":"1"}} {"charge":{"order_id":"b","id":"2"}}
		{"charge":{"order_id":"c","id":"3"}} {"end":{"records":3}}`
	r, err := verify.Run(t.Context(), verify.Options{Source: feeds, MaxFindings: 2})
	if err != nil || r.Faults != 3 || len(r.Findings) != 2 || r.Clean() || r.Charges != 3 {
		t.Errorf("%+v, %v", r, err)
	}
}

// Services that run apart are asked where they are.
func TestRun_asks_each_service(t *testing.T) {
	t.Parallel()
	serve := func(paths ...string) string {
		mux := http.NewServeMux()
		for _, path := range paths {
			mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, nothingAt()[path]) })
		}
		server := httptest.NewServer(mux)
		t.Cleanup(server.Close)
		return server.URL
	}
	r, err := verify.Run(t.Context(), verify.Options{
		URL:          serve(audit.PathOrders, audit.PathEvents) + "/",
		InventoryURL: serve(audit.PathInventory),
		PaymentURL:   serve(audit.PathPayments, audit.PathCharges),
		Client:       client(t),
	})
	if err != nil || !r.Clean() {
		t.Errorf("%+v, %v", r, err)
	}
}
