package allinone

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/micro"

	"orderly/internal/app"
	"orderly/internal/client"
)

// asked returns the answer to a request on NATS, and the error in its place.
func asked(t *testing.T, s *System, subject, ask string) (answer map[string]any, code, refusal string) {
	t.Helper()
	m, err := s.bus.NC().Request(subject, []byte(ask), 10*time.Second)
	if err != nil {
		t.Fatalf("%s: %v", subject, err)
	}
	if code = m.Header.Get(micro.ErrorCodeHeader); code != "" {
		return nil, code, m.Header.Get(micro.ErrorHeader)
	}
	if err := json.Unmarshal(m.Data, &answer); err != nil {
		t.Fatalf("%s: %s: %v", subject, m.Data, err)
	}
	return answer, "", ""
}

// The services of one process are found side by side, with how they are, and answer
// on NATS what they answer over HTTP.
func TestServices_are_found_and_answer_on_NATS(t *testing.T) {
	t.Parallel()
	s := startIn(t, t.TempDir())
	c := clientOf(t, s)
	stock(t, c)
	placed, err := c.Place(t.Context(), "one", json.RawMessage(`{"customer_id":"c","currency":"EUR","payment_method":"pm_card_visa","items":[{"product_id":"MUG","quantity":1}]}`))
	if err != nil {
		t.Fatal(err)
	}
	var found []client.Instance
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); ; {
		if found, err = c.Services(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(found) == 3 && !slices.ContainsFunc(found, func(i client.Instance) bool { return !i.Ready }) {
			break
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("found %+v", found)
		}
	}
	var names []string
	for _, i := range found {
		names = append(names, i.Service)
		if i.Version != "0.0.0+test" || i.URL != s.URL() || i.Replica == "" || time.Since(i.Started) > time.Minute || len(i.Failing) > 0 {
			t.Errorf("found %+v", i)
		}
	}
	if want := []string{app.InventoryService, app.OrderService, app.PaymentService}; !slices.Equal(names, want) {
		t.Errorf("found %v, want %v", names, want)
	}
	got, _, _ := asked(t, s, "orderly.order.status", `{"order_id":"`+placed.OrderID+`"}`)
	if got["order_id"] != placed.OrderID || got["status"] == "" || got["payment_method"] != nil {
		t.Errorf("the order is %v", got)
	}
	if got, _, _ = asked(t, s, "orderly.inventory.stock", `{"product_id":"MUG"}`); got["on_hand"] == nil || got["product_id"] != "MUG" {
		t.Errorf("the product is %v", got)
	}
	if got, _, _ = asked(t, s, "orderly.payment.gateway", ``); got["state"] != "closed" {
		t.Errorf("the gateway is %v", got)
	}
	if got, _, _ = asked(t, s, "orderly.payment.health", ``); got["ready"] != true || got["service"] != app.PaymentService {
		t.Errorf("payment is %v", got)
	}
	for _, bad := range []struct{ subject, ask, code, says string }{
		{"orderly.order.status", `{}`, "400", `ask with a JSON object, as {"order_id":"…"}`},
		{"orderly.order.status", `{"order_id":"7"}`, "422", "order_id: not an order id"},
		{"orderly.order.status", `{"order_id":"01990000-0000-7000-8000-000000000000"}`, "404", "no such order"},
		{"orderly.inventory.stock", `{"product_id":"CUP"}`, "404", "unknown product"},
		{"orderly.inventory.stock", `{"product_id":" "}`, "422", "product_id: "},
	} {
		if _, code, says := asked(t, s, bad.subject, bad.ask); code != bad.code || !strings.Contains(says, bad.says) {
			t.Errorf("%s %s: %s %q, want %s %q", bad.subject, bad.ask, code, says, bad.code, bad.says)
		}
	}
}

// What a service subscribes to beside its consumers is what is declared, which the
// permissions of its account come from.
func TestServices_subscribe_to_what_is_declared(t *testing.T) {
	t.Parallel()
	s := startIn(t, t.TempDir())
	for _, service := range []string{app.OrderService, app.InventoryService, app.PaymentService} {
		m, err := s.bus.NC().Request("$SRV.INFO."+service+"-service", nil, 10*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		var info micro.Info
		if err := json.Unmarshal(m.Data, &info); err != nil {
			t.Fatal(err)
		}
		declared := app.AnswersAt(service)
		for _, e := range info.Endpoints {
			if !slices.Contains(declared, e.Subject) {
				t.Errorf("%s answers at %s, which is not declared", service, e.Subject)
			}
		}
		if len(info.Endpoints) != 1+len(app.Endpoints(service)) {
			t.Errorf("%s has the endpoints %+v", service, info.Endpoints)
		}
		for _, subject := range declared {
			subject = strings.ReplaceAll(subject, "*", info.ID)
			if _, err := s.bus.NC().Request(subject, []byte("{}"), 10*time.Second); err != nil {
				t.Errorf("%s does not answer at %s: %v", service, subject, err)
			}
		}
	}
}
