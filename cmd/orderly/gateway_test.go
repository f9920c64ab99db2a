package main_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

type shownGateway struct {
	Status struct {
		State     string
		Reason    string
		Calls     int
		NextProbe *time.Time `json:"next_probe"`
		Succeeded int
		Failed    int
	}
	Simulated struct {
		Latency, Jitter string
		OutageUntil     *time.Time `json:"outage_until"`
		LoseAnswers     float64    `json:"lose_answers"`
		Decline         float64
	}
}

// G1, G2: the gateway goes away under an operator's eyes. Orders are accepted, one
// that is cancelled meanwhile is not charged for, and all end once it is back.
func TestGateway(t *testing.T) {
	t.Parallel()
	onEach(t, func(s *stage) {
		t, at := s.T, s.at
		show := func() (g shownGateway) {
			decode(t, at("gateway", "show"), &g)
			return g
		}
		at("products", "load", write(t, "products.csv", header+"MUG,Mug,GBP,250,1000\n")).wants(t, 0)
		at("gateway", "set", "--latency", "20ms±10ms", "--decline", "0.5%").wants(t, 0)
		at("gateway", "set", "--outage", "1h").wants(t, 0)
		if g := show(); g.Simulated.Latency != "10ms" || g.Simulated.Jitter != "20ms" || g.Simulated.OutageUntil == nil || g.Simulated.Decline != 0.005 || g.Status.State != "closed" {
			t.Errorf("gateway is %+v, want what was set one after the other", g)
		}
		at("gateway", "set", "--decline", "0").wants(t, 0)
		var lines strings.Builder
		for n := range 60 {
			fmt.Fprintf(&lines, `{"invoice":"%d","customer_id":"c","currency":"GBP","items":[{"product_id":"MUG","quantity":1}],"payment_method":"pm_card_visa"}`+"\n", n)
		}
		orders := write(t, "orders.jsonl", lines.String())
		var placed shownSubmission
		decode(t, at("orders", "submit", orders), &placed)
		var g shownGateway
		waitUntil(t, "the breaker is open", func() bool { g = show(); return g.Status.State != "closed" })
		if !strings.Contains(g.Status.Reason, "unavailable") || g.Status.NextProbe == nil || g.Status.Succeeded != 0 {
			t.Errorf("the status is %+v, want a reason and the next probe", g.Status)
		}
		if ready := read(t, s.url+"/readyz", http.StatusOK); !strings.Contains(ready, `"payment-gateway":{"status":"ok","warning":"calls to the payment gateway have failed since`) {
			t.Errorf("readyz says %s", ready)
		}
		if metrics := read(t, s.url+"/metrics", http.StatusOK); !strings.Contains(metrics, "orderly_gateway_breaker_opened_total 1\n") || !strings.Contains(metrics, `orderly_gateway_breaker{state="closed"} 0`) || !strings.Contains(metrics, `orderly_gateway_breaker_reason{reason="unavailable"} 1`) {
			t.Error("metrics do not show the breaker")
		}
		cancelled := placed.Orders[0].OrderID
		waitUntil(t, "an order waits for its payment", func() bool {
			var o shownOrder
			decode(t, at("orders", "get", cancelled), &o)
			return o.Status == "reserved"
		})
		at("orders", "cancel", cancelled).wants(t, 0)
		at("gateway", "reset").wants(t, 0)
		if r := at("orders", "submit", orders, "--wait"); r.code != 0 {
			t.Errorf("the orders did not end: %s", r.stderr)
		}
		var audit struct{ Confirmed, Cancelled, Open, Faults int }
		decode(t, at("verify", "--wait", "30s"), &audit)
		if audit.Confirmed != 59 || audit.Cancelled != 1 || audit.Open != 0 || audit.Faults != 0 {
			t.Errorf("verify says %+v", audit)
		}
		if g := show(); g.Status.State != "closed" || g.Status.Reason != "" || g.Status.Calls != 0 || g.Status.Failed == 0 {
			t.Errorf("afterwards the status is %+v", g.Status)
		}
	})
}

// waitUntil asks until ok says yes.
func waitUntil(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(startLimit); !ok(); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("gave up waiting: %s", what)
		}
	}
}

// read returns the body of an answer that must have a status.
func read(t *testing.T, url string, status int) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != status {
		t.Errorf("GET %s answered %d: %s", url, response.StatusCode, body)
	}
	return string(body)
}
