package main_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const header = "product_id,name,currency,unit_price_minor,stock\n"

// decode reads what a run printed with --output json.
func decode(t testing.TB, r result, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.stdout), into); err != nil {
		t.Fatalf("%v in what it printed: %s (and it said %s)", err, r.stdout, r.stderr)
	}
}

type shownOrder struct {
	OrderID    string `json:"order_id"`
	Status     string
	Reason     string
	TotalMinor int64 `json:"total_minor"`
	Metadata   map[string]string
	Events     []struct{ Name string }
}

type shownSubmission struct {
	Accepted, Replayed int
	Orders             []struct {
		Line    int
		Invoice string
		OrderID string `json:"order_id"`
	}
	Refused []struct {
		Line         int
		Name, Reason string
	}
	Outcome struct {
		Confirmed int
		Cancelled map[string]int
		Revenue   map[string]int64 `json:"revenue_minor"`
	}
}

const (
	catalogue = header +
		"MUG,Mug,GBP,250,10\n" +
		"BANK CHARGES,Bank charges,GBP,1500,5\n" +
		"torn,line\n" +
		"BOAT,Boat,XXX,1,1\n"
	orderFile = `{"invoice":"1","customer_id":"ann","currency":"GBP","items":[{"product_id":"MUG","quantity":2},{"product_id":"BANK CHARGES","quantity":1}],"country":"UK"}
{"invoice":"2","customer_id":"bob","currency":"GBP","items":[{"product_id":"MUG","quantity":900}]}
{"invoice":"3","customer_id":"bob","currency":"GBP","items":[{"product_id":"MUG","quantity":-1}]}
not an order
{"invoice":"5","customer_id":"cid","currency":"GBP","items":[{"product_id":"MUG","quantity":1}],"payment_method":"pm_card_chargeDeclined"}
{"customer_id":"dan","currency":"GBP","items":[{"product_id":"MUG","quantity":1}]}
`
)

// TestShop walks through a shop's day, and through a restart on its directory.
func TestShop(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "by", "up")
	system, url := up(t, "--data", dir, "--http", "127.0.0.1:0")
	at := func(args ...string) result { return orderly(t, append(args, "--url", url, "--output", "json")...) }

	orderly(t, "up", "--data", dir, "--http", "127.0.0.1:0").wants(t, 1, dir, "in use by another process")

	loadCatalogue(t, at)
	placed := submitOrders(t, at)
	lookAtOrders(t, at, placed)

	if code := system.stop(t, syscall.SIGTERM); code != 0 {
		t.Errorf("SIGTERM: exit code %d, want 0: %s", code, system.stderr)
	}
	system, url = up(t, "--data", dir, "--http", "127.0.0.1:0")
	lookAtOrders(t, at, placed)
	var again shownSubmission
	r := at("orders", "submit", write(t, "orders.jsonl", orderFile))
	decode(t, r, &again)
	if again.Accepted != 4 || again.Replayed != 4 {
		t.Errorf("after a restart got %+v, want all orders recognised", again)
	}
	if code := system.stop(t, syscall.SIGINT); code != 0 {
		t.Errorf("SIGINT: exit code %d, want 0: %s", code, system.stderr)
	}
}

func loadCatalogue(t *testing.T, at func(...string) result) {
	t.Helper()
	file := write(t, "products.csv", catalogue)
	for round, before := range []int{0, 2} {
		r := at("products", "load", file)
		r.wants(t, 1, "line 4: has 2 fields", "line 5: product BOAT: body.currency: ")
		var loaded struct {
			Products int
			Before   int `json:"stock_added_before"`
			Refused  []struct{ Line int }
		}
		decode(t, r, &loaded)
		if loaded.Products != 2 || loaded.Before != before || len(loaded.Refused) != 2 {
			t.Errorf("load %d: got %+v, want 2 products, %d again", round+1, loaded, before)
		}
	}
	if got, want := stock(t, at), "BANK CHARGES 5/5 MUG 10/10 "; got != want {
		t.Errorf("after two loads of one file got %q, want %q", got, want)
	}
}

// stock is what is available and on hand of each product.
func stock(t *testing.T, at func(...string) result) string {
	t.Helper()
	r := at("products", "list")
	r.wants(t, 0)
	var products []struct {
		ProductID string `json:"product_id"`
		Available int64
		OnHand    int64 `json:"on_hand"`
	}
	decode(t, r, &products)
	text := ""
	for _, p := range products {
		text += fmt.Sprintf("%s %d/%d ", p.ProductID, p.Available, p.OnHand)
	}
	return text
}

func submitOrders(t *testing.T, at func(...string) result) shownSubmission {
	t.Helper()
	file := write(t, "orders.jsonl", orderFile)
	r := at("orders", "submit", file, "--wait")
	r.wants(t, 1, "line 3: invoice 3: body.items[0].quantity: ", "line 4: is not a JSON object")
	var placed shownSubmission
	decode(t, r, &placed)
	if placed.Accepted != 4 || placed.Replayed != 0 || len(placed.Orders) != 4 || len(placed.Refused) != 2 {
		t.Fatalf("got %+v, want 4 accepted, 2 refused", placed)
	}
	o := placed.Outcome
	if o.Confirmed != 2 || o.Cancelled["out_of_stock"] != 1 || o.Cancelled["payment_declined"] != 1 || o.Revenue["GBP"] != 2250 {
		t.Errorf("got the outcome %+v, want 2 confirmed for 22.50 GBP, 1 out of stock, 1 declined", o)
	}
	var again shownSubmission
	decode(t, at("orders", "submit", file), &again)
	if again.Accepted != 4 || again.Replayed != 4 {
		t.Errorf("the same file again: got %+v, want all recognised", again)
	}
	return placed
}

// lookAtOrders asks for what submitOrders left.
func lookAtOrders(t *testing.T, at func(...string) result, placed shownSubmission) {
	t.Helper()
	ids := make(map[string]string)
	for _, o := range placed.Orders {
		ids[o.Invoice] = o.OrderID
	}
	var first shownOrder
	decode(t, at("orders", "get", ids["1"], "--events", "--wait", "5s"), &first)
	if first.Status != "confirmed" || first.TotalMinor != 2000 || first.Metadata["country"] != "UK" || len(first.Events) == 0 || first.Events[0].Name != "orders.created" {
		t.Errorf("order 1: got %+v", first)
	}
	for filter, want := range map[string]int{"any": 4, "confirmed": 2, "cancelled": 2, "pending": 0} {
		var listed []shownOrder
		decode(t, at("orders", "list", "--status", filter), &listed)
		if len(listed) != want {
			t.Errorf("%s orders: got %d, want %d", filter, len(listed), want)
		}
	}
	var bobs []shownOrder
	decode(t, at("orders", "list", "--customer", "bob"), &bobs)
	if len(bobs) != 1 || bobs[0].OrderID != ids["2"] || bobs[0].Reason != "out_of_stock" {
		t.Errorf("bob's orders: got %+v", bobs)
	}
	r := at("orders", "watch", ids["1"], ids["2"])
	r.wants(t, 0)
	if strings.Count(r.stdout, "\n") != 2 {
		t.Errorf("watch printed %q, want a line for each order", r.stdout)
	}
	at("orders", "watch").wants(t, 0)
	at("orders", "cancel", ids["1"]).wants(t, 4, "too late")
	at("orders", "cancel", ids["2"]).wants(t, 0)
	at("orders", "cancel", "01890a5d-ac96-774b-bcce-b302099a8057").wants(t, 3)
	at("orders", "get", "01890a5d-ac96-774b-bcce-b302099a8057").wants(t, 3)
	at("orders", "get", "nonsense").wants(t, 4, "path.id")
	r = at("verify", "--wait", "20s")
	r.wants(t, 0)
	var audit struct {
		Orders   int
		Findings []any
	}
	decode(t, r, &audit)
	if audit.Orders < 4 || audit.Findings == nil || len(audit.Findings) != 0 {
		t.Errorf("verify: got %s", r.stdout)
	}
}

func TestDemo_runs_the_sample_shop(t *testing.T) {
	t.Parallel()
	r := orderly(t, "demo", "--exit", "--http", "127.0.0.1:0", "--output", "json")
	r.wants(t, 0)
	var demo struct {
		Products, Accepted, Refused int
		Outcome                     struct {
			Orders, Confirmed int
			Revenue           map[string]int64 `json:"revenue_minor"`
			P99               float64          `json:"p99_ms"`
		}
		Verify struct{ Orders, Faults int }
	}
	decode(t, r, &demo)
	if demo.Products != 2454 || demo.Accepted != 869 || demo.Refused != 58 || demo.Outcome.Orders != 869 {
		t.Errorf("got %+v, want 2454 products, 869 orders, 58 refused", demo)
	}
	if demo.Outcome.Confirmed == 0 || demo.Outcome.Confirmed == 869 || demo.Outcome.Revenue["GBP"] == 0 || demo.Outcome.P99 <= 0 {
		t.Errorf("got the outcome %+v, want some confirmed, some cancelled", demo.Outcome)
	}
	if demo.Verify.Orders != 869 || demo.Verify.Faults != 0 {
		t.Errorf("got the audit %+v, want 869 clean orders", demo.Verify)
	}
}

// G7: the services go to version 2 of orders.created, a restart at a time, while the
// sample's orders come in: all of them end, and the books are right.
func TestDemo_moves_to_another_version(t *testing.T) {
	t.Parallel()
	r := orderly(t, "demo", "--upgrade", "--exit", "--http", "127.0.0.1:0", "--output", "json")
	r.wants(t, 0)
	var demo struct {
		Phases []struct {
			Placed, Ended int
			Said          [2]int
		}
		Outcome struct{ Orders, Confirmed int }
		Verify  struct{ Orders, Open, Faults int }
	}
	decode(t, r, &demo)
	if len(demo.Phases) != 4 || demo.Outcome.Orders != 869 || demo.Outcome.Confirmed == 0 || demo.Verify.Orders != 869 || demo.Verify.Open+demo.Verify.Faults != 0 {
		t.Fatalf("got %+v, want four phases and 869 orders that have ended", demo)
	}
	first, both, last := demo.Phases[0].Said, demo.Phases[1].Said, demo.Phases[3].Said
	if first[0] == 0 || first[1] > 0 || both[0] <= first[0] || both[1] == 0 || last[0] >= 869 || last[1] <= both[1] {
		t.Errorf("version 1 and 2 were said as %+v", demo.Phases)
	}
	orderly(t, "demo", "--upgrade", "--read", "orders.created.v2").wants(t, 2)
}
