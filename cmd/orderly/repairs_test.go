package main_test

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

type shownRefund struct {
	State       string `json:"state"`
	AmountMinor int64  `json:"amount_minor"`
	By          string
	Key         string
}

// G2: what an operator gives back is given once a key, bounded by what was
// captured, and told in the order's history with who and why.
func TestRepairs_refund(t *testing.T) {
	t.Parallel()
	onEach(t, func(s *stage) {
		t, at := s.T, s.at
		at("products", "load", write(t, "p.csv", header+"MUG,Mug,GBP,250,10\n")).wants(t, 0)
		var placed shownSubmission
		decode(t, at("orders", "submit", "--wait", write(t, "o.jsonl", `{"invoice":"1","customer_id":"ann","currency":"GBP","items":[{"product_id":"MUG","quantity":2}]}
	{"invoice":"2","customer_id":"bob","currency":"GBP","items":[{"product_id":"MUG","quantity":1}],"payment_method":"pm_card_chargeDeclined"}
	`)), &placed)
		id, declined := placed.Orders[0].OrderID, placed.Orders[1].OrderID

		for range 2 {
			var r shownRefund
			decode(t, at("orders", "refund", id, "--amount", "1.20", "--why", "one arrived broken", "--by", "ann", "--key", "k1"), &r)
			if r.State != "given" || r.AmountMinor != 120 || r.By != "ann" || r.Key != "k1" {
				t.Errorf("refund: %+v", r)
			}
		}
		at("orders", "refund", id, "--amount", "1.21", "--why", "w", "--key", "k1").wants(t, 4, "another request")
		at("orders", "refund", id, "--amount", "3.81", "--why", "w").wants(t, 4, "not so much is left", "left 380")
		at("orders", "refund", id, "--amount", "3", "--why", " ").wants(t, 2, "--why")
		at("orders", "refund", id, "--amount", "3", "--why", strings.Repeat("w", 501)).wants(t, 4, "body.why")
		at("orders", "refund", declined, "--all", "--why", "w").wants(t, 4, "is cancelled: only a confirmed order")
		at("orders", "refund", "01890000-0000-7000-8000-00000000dead", "--all", "--why", "w").wants(t, 3)
		for _, amount := range []string{"3.8", "3.800", "1.", "x", "0.00", "1e3"} {
			at("orders", "refund", id, "--amount="+amount, "--why", "w").wants(t, 2, "--amount")
		}
		at("orders", "refund", id, "--amount=-1", "--why", "w").wants(t, 2, "--amount")
		at("orders", "refund", id, "--why", "w").wants(t, 2, "--amount")
		at("orders", "refund", id, "--all", "--amount", "1.00", "--why", "w").wants(t, 2)
		at("orders", "refund", id, "--all").wants(t, 2, "--why")

		var rest shownRefund
		decode(t, at("orders", "refund", id, "--all", "--why", "gave up"), &rest)
		if rest.State != "given" || rest.AmountMinor != 380 || rest.By == "" || rest.Key == "" {
			t.Errorf("the rest: %+v", rest)
		}
		shows := orderly(t, "orders", "history", id, "--url", s.url)
		for _, line := range []string{"refund of 1.20 GBP, given, by ann: one arrived broken", "refund of 3.80 GBP, given", "payments.credited v1", "orders.confirmed v1"} {
			if !strings.Contains(shows.stdout, line) {
				t.Errorf("the history does not tell of %q: %s", line, shows.stdout)
			}
		}
		if got := s.said("orders", "get", id); !strings.Contains(got, "5.00 GBP, by hand") || !strings.Contains(got, "confirmed") {
			t.Errorf("get: %s", got)
		}
		at("orders", "retry", id).wants(t, 4, "nothing is left to do")
		at("orders", "cancel", id, "--why", "w").wants(t, 4, "too late")
		at("verify").wants(t, 0)
		s.stop(syscall.SIGTERM)
	})
}

// G1, G2: a refund whose answer is lost while everything is killed is found again
// after the restart, and given once.
func TestRepairs_refund_outlives_a_kill(t *testing.T) {
	t.Parallel()
	onEach(t, func(s *stage) {
		t, at := s.T, s.at
		at("products", "load", write(t, "p.csv", header+"MUG,Mug,GBP,250,10\n")).wants(t, 0)
		var placed shownSubmission
		decode(t, at("orders", "submit", "--wait", write(t, "o.jsonl", `{"invoice":"1","customer_id":"ann","currency":"GBP","items":[{"product_id":"MUG","quantity":2}]}`+"\n")), &placed)
		id := placed.Orders[0].OrderID
		at("gateway", "set", "--lose-answers", "100%").wants(t, 0)
		var r shownRefund
		decode(t, at("orders", "refund", id, "--amount", "1.20", "--why", "broken", "--key", "k", "--wait", "0s"), &r)
		if r.State != "pending" {
			t.Errorf("refund: %+v", r)
		}
		at("orders", "refund", id, "--all", "--why", "w").wants(t, 4, "under way")
		s.stop(syscall.SIGKILL)

		s.exec("payment", "UPDATE credits SET due_at = 1") // time passes
		s.url = s.start()
		at("gateway", "reset").wants(t, 0)
		eventually(t, "the order has heard of the refund", func() bool {
			return strings.Contains(at("orders", "get", id).stdout, `"credited_minor": 120`)
		})
		decode(t, at("orders", "refund", id, "--amount", "1.20", "--why", "broken", "--key", "k"), &r)
		if r.State != "given" || r.AmountMinor != 120 {
			t.Errorf("the same refund: %+v", r)
		}
		at("verify").wants(t, 0)
		s.stop(syscall.SIGTERM)
	})
}

type shownStuck []struct {
	OrderID string `json:"order_id"`
	Status  string
	Waits   []struct{ For, Why string }
}

// G1: an order that stands still is listed with whom it waits for; an operator
// can have it announced again, or cancelled, and it says who did so and why.
func TestRepairs_stuck(t *testing.T) {
	t.Parallel()
	onEach(t, func(s *stage) {
		t, at := s.T, s.at
		at("products", "load", write(t, "p.csv", header+"MUG,Mug,GBP,250,10\n")).wants(t, 0)
		at("gateway", "set", "--outage", "1h").wants(t, 0)
		var placed shownSubmission
		decode(t, at("orders", "submit", write(t, "o.jsonl", `{"invoice":"1","customer_id":"ann","currency":"GBP","items":[{"product_id":"MUG","quantity":2}]}`+"\n")), &placed)
		id := placed.Orders[0].OrderID

		at("orders", "stuck", "--for", "-1s").wants(t, 2, "--for")
		at("orders", "stuck", "--limit", "0").wants(t, 2, "--limit")
		at("orders", "stuck", "--payment-url", "nonsense").wants(t, 2, "--payment-url")
		if got := s.said("orders", "stuck"); !strings.Contains(got, "no open order") {
			t.Errorf("nobody stands still for a minute yet: %s", got)
		}
		var stuck shownStuck
		eventually(t, "it waits for the gateway", func() bool {
			decode(t, at("orders", "stuck", "--for", "0s"), &stuck)
			return len(stuck) == 1 && stuck[0].OrderID == id && stuck[0].Waits[0].For == "gateway"
		})
		text := s.said("orders", "stuck", "--for", "0s")
		if !strings.Contains(text, "no answer to the charge") || !strings.Contains(text, "0 times so far") {
			t.Errorf("it says %s", text)
		}

		at("orders", "retry", id, "--by", "ann").wants(t, 0)
		at("orders", "cancel", id, "--by", "bob").wants(t, 2, "--why")
		at("orders", "cancel", id, "--by", "bob", "--why", "the shop closes").wants(t, 0)
		history := s.said("orders", "history", id)
		for _, line := range []string{"retry, by ann\n", "cancel, by bob: the shop closes\n"} {
			if !strings.Contains(history, line) {
				t.Errorf("the history does not tell of %q: %s", line, history)
			}
		}
		at("gateway", "reset").wants(t, 0)
		eventually(t, "it is closed", func() bool {
			decode(t, at("orders", "stuck", "--for", "0s"), &stuck)
			return len(stuck) == 0
		})
		at("verify").wants(t, 0)
		s.stop(syscall.SIGTERM)
	})
}

// eventually waits until something holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(startLimit); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", startLimit, what)
		}
	}
}
