package httpapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"

	"orderly/pkg/httpkit"
)

const good = `{"customer_id":"customer-1","currency":"EUR","items":[{"product_id":"beans","quantity":2}],"payment_method":"pm_card_visa"}`

func TestPlace(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.place(`{"customer_id":"customer-1","currency":"EUR","payment_method":"pm_card_visa","expected_total":1980,
		"items":[{"product_id":"beans","quantity":2},{"product_id":"BANK CHARGES","quantity":1},{"product_id":"beans","quantity":3}],
		"metadata":{"note":"grüße"}}`, httpkit.CorrelationHeader, "call-1")
	got := must[orderJSON](t, a, http.StatusAccepted)
	if id, err := uuid.Parse(got.OrderID); err != nil || id.Version() != 7 {
		t.Errorf("order id %q", got.OrderID)
	}
	if got.Status != "pending" || got.CustomerID != "customer-1" || got.Currency != "EUR" || got.CreatedAt.IsZero() {
		t.Errorf("answer: %s", a.raw)
	}
	if want := "/v1/orders/" + got.OrderID; a.header.Get("Location") != want {
		t.Errorf("Location %q, want %q", a.header.Get("Location"), want)
	}
	if a.header.Get("Idempotent-Replayed") != "" || a.header.Get(httpkit.CorrelationHeader) != "call-1" {
		t.Errorf("headers: %v", a.header)
	}
	full := must[orderJSON](t, r.get(a.header.Get("Location")), http.StatusOK)
	if len(full.Items) != 2 || full.Items[0].Quantity != 5 || full.Items[1].ProductID != "BANK CHARGES" {
		t.Errorf("items: %+v", full.Items)
	}
	if full.CorrelationID != "call-1" || *full.ExpectedTotal != 1980 || full.Metadata["note"] != "grüße" || full.PaymentMethod != "pm_card_visa" {
		t.Errorf("order: %+v", full)
	}
}

// The same key and request make one order and get one answer, however the
// request is spelled.
func TestPlaceAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := r.place(good, "Idempotency-Key", "key 1")
	want := must[orderJSON](t, first, http.StatusAccepted)
	respelled := `{ "payment_method":"pm_card_visa", "items":[{"quantity":2,"product_id":"be\u0061ns"}],
		"currency":"EUR", "customer_id":"customer-1", "metadata":null }`
	for _, body := range []string{good, respelled} {
		again := r.place(body, "Idempotency-Key", "key 1")
		if again.status != first.status || again.raw != first.raw || again.header.Get("Location") != first.header.Get("Location") {
			t.Errorf("repeated: %d %s, want %d %s", again.status, again.raw, first.status, first.raw)
		}
		if got := again.header.Get("Idempotent-Replayed"); got != "true" {
			t.Errorf("Idempotent-Replayed: %q", got)
		}
	}
	rows := r.rows()
	other := r.place(strings.Replace(good, `"quantity":2`, `"quantity":3`, 1), "Idempotency-Key", "key 1")
	if p := must[httpkit.Problem](t, other, http.StatusUnprocessableEntity); p.Type != "urn:orderly:problem:idempotency-key-reused" {
		t.Errorf("problem: %+v", p)
	}
	if r.rows() != rows {
		t.Error("the refused request left rows behind")
	}
	another := must[orderJSON](t, r.place(good, "Idempotency-Key", "key 2"), http.StatusAccepted)
	if another.OrderID == want.OrderID {
		t.Error("two keys, one order")
	}
}

// An order's priority is shown, its events travel on the lane of that name, and
// the same request with another one is another request.
func TestPlaceWithPriority(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	stream, err := r.js.Stream(t.Context(), "ORDERS")
	r.check(err)
	for priority, body := range map[string]string{
		"express":  with(`"currency"`, `"priority":"express","currency"`),
		"standard": with(`"currency"`, `"priority":"standard","currency"`),
	} {
		placed := must[orderJSON](t, r.place(body, "Idempotency-Key", priority), http.StatusAccepted)
		if got := must[orderJSON](t, r.get("/v1/orders/"+placed.OrderID), http.StatusOK); got.Priority != priority {
			t.Errorf("priority %q, want %q", got.Priority, priority)
		}
		r.stored(stream, "orders.created.v2."+priority)
		again := r.place(good, "Idempotency-Key", priority)
		if priority == "express" {
			must[httpkit.Problem](t, again, http.StatusUnprocessableEntity)
		} else if must[orderJSON](t, again, http.StatusAccepted).OrderID != placed.OrderID {
			t.Error("standard, said and not said, are two requests")
		}
	}
}

// stored waits until a stream has a message on a subject.
func (r *rig) stored(stream jetstream.Stream, subject string) {
	r.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		_, err := stream.GetLastMsgForSubject(r.Context(), subject)
		if err == nil {
			return
		}
		if !errors.Is(err, jetstream.ErrMsgNotFound) || time.Now().After(deadline) {
			r.Fatalf("nothing on %s: %v", subject, err)
		}
	}
}

func TestPlaceWithoutKeyMakesTwoOrders(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if a, b := r.placed(good), r.placed(good); a == b {
		t.Errorf("one order, %s", a)
	}
}

// with returns the good request with one thing changed.
func with(old, replacement string) string {
	changed := strings.Replace(good, old, replacement, 1)
	if changed == good {
		panic("nothing to replace: " + old)
	}
	return changed
}

func lines(n int) string {
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf(`{"product_id":"p%d","quantity":1}`, i)
	}
	return strings.Join(items, ",")
}

func TestPlaceRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const line = `{"product_id":"beans","quantity":2}`
	tests := []struct {
		name     string
		body     string
		status   int
		location string // of a fault that must be named
	}{
		{"not JSON", `order please`, 400, ""},
		{"cut off", good[:40], 400, ""},
		{"two values", good + good, 400, ""},
		{"an array", `[` + good + `]`, 422, "body"},
		{"null", `null`, 422, "body"},
		{"unknown field", with(`{"customer_id"`, `{"vip":true,"customer_id"`), 422, "body.vip"},
		{"unknown field of a line", with(line, `{"product_id":"beans","quantity":2,"price":1}`), 422, "body.items[0].price"},
		{"items twice", with(`"items"`, `"items":[`+line+`],"items"`), 422, "body.items"},
		{"a line's quantity twice", with(`"quantity":2`, `"quantity":2,"quantity":3`), 422, "body.items[0].quantity"},
		{"a name in capitals", with(`"currency"`, `"CURRENCY"`), 422, "body.CURRENCY"},
		{"a note twice", with(`"currency"`, `"metadata":{"a":"1","a":"2"},"currency"`), 422, "body.metadata.a"},
		{"no items", with(line, ``), 422, "body.items"},
		{"null items", with(`[`+line+`]`, `null`), 422, "body.items"},
		{"1,001 lines", with(line, lines(1001)), 422, "body.items"},
		{"quantity zero", with(`"quantity":2`, `"quantity":0`), 422, "body.items[0].quantity"},
		{"quantity missing", with(`,"quantity":2`, ``), 422, "body.items[0].quantity"},
		{"quantity negative", with(`"quantity":2`, `"quantity":-1`), 422, "body.items[0].quantity"},
		{"quantity fractional", with(`"quantity":2`, `"quantity":1.5`), 422, "body.items[0].quantity"},
		{"quantity with exponent", with(`"quantity":2`, `"quantity":2e0`), 422, "body.items[0].quantity"},
		{"quantity above int32", with(`"quantity":2`, `"quantity":2147483648`), 422, "body.items[0].quantity"},
		{"quantity above int64", with(`"quantity":2`, `"quantity":9223372036854775808`), 422, "body.items[0].quantity"},
		{"quantity as string", with(`"quantity":2`, `"quantity":"2"`), 422, "body.items[0].quantity"},
		{"quantities above int32 together", with(line, line+`,{"product_id":"beans","quantity":2147483647}`), 422, "body.items[1].quantity"},
		{"unknown currency", with(`EUR`, `EUX`), 422, "body.currency"},
		{"currency in small letters", with(`EUR`, `eur`), 422, "body.currency"},
		{"no customer", with(`"customer_id":"customer-1",`, ``), 422, "body.customer_id"},
		{"NATS wildcard", with(`customer-1`, `>`), 422, "body.customer_id"},
		{"NATS token wildcard", with(`beans`, `*`), 422, "body.items[0].product_id"},
		{"blank product", with(`beans`, ` `), 422, "body.items[0].product_id"},
		{"space before the product", with(`beans`, ` beans`), 422, "body.items[0].product_id"},
		{"dots", with(`customer-1`, `a.b`), 422, "body.customer_id"},
		{"control character", with(`customer-1`, `a\u0000b`), 422, "body.customer_id"},
		{"line break", with(`pm_card_visa`, `pm\r\nX: 1`), 422, "body.payment_method"},
		{"10 kB of text", with(`beans`, strings.Repeat("x", 10<<10)), 422, "body.items[0].product_id"},
		{"not UTF-8", with(`customer-1`, "\xff\xfe"), 400, ""},
		{"negative total", with(`"currency"`, `"expected_total":-1,"currency"`), 422, "body.expected_total"},
		{"total beyond 2^53-1", with(`"currency"`, `"expected_total":9007199254740992,"currency"`), 422, "body.expected_total"},
		{"fractional total", with(`"currency"`, `"expected_total":19.8,"currency"`), 422, "body.expected_total"},
		{"control character in metadata", with(`"currency"`, `"metadata":{"a":"\u0007"},"currency"`), 422, "body.metadata"},
		{"metadata that is no text", with(`"currency"`, `"metadata":{"a":1},"currency"`), 422, "body.metadata.a"},
		{"unknown priority", with(`"currency"`, `"priority":"urgent","currency"`), 422, "body.priority"},
		{"priority in capitals", with(`"currency"`, `"priority":"EXPRESS","currency"`), 422, "body.priority"},
		{"empty priority", with(`"currency"`, `"priority":"","currency"`), 422, "body.priority"},
		{"priority that is a number", with(`"currency"`, `"priority":1,"currency"`), 422, "body.priority"},
		{"10 MB", with(`beans`, strings.Repeat("x", 10<<20)), 413, ""},
	}
	for _, tt := range tests {
		a := r.place(tt.body, "Idempotency-Key", "k")
		p := must[httpkit.Problem](t, a, tt.status)
		if tt.location != "" && !slices.ContainsFunc(p.Errors, func(f httpkit.Fault) bool { return f.Location == tt.location && f.Message != "" }) {
			t.Errorf("%s: no fault at %s: %+v", tt.name, tt.location, p.Errors)
		}
	}
	for _, key := range []string{strings.Repeat("k", 256), "k\x01", "ключ"} {
		p := must[httpkit.Problem](t, r.place(good, "Idempotency-Key", key), http.StatusUnprocessableEntity)
		if len(p.Errors) == 0 || p.Errors[0].Location != "header.Idempotency-Key" {
			t.Errorf("key %q: %+v", key, p.Errors)
		}
	}
	for _, headers := range [][]string{{"Idempotency-Key", ""}, {"Idempotency-Key", "a", "idempotency-key", "b"}, {"Idempotency-Key", "a", "Idempotency-Key", "a"}} {
		p := must[httpkit.Problem](t, r.place(good, headers...), http.StatusUnprocessableEntity)
		if len(p.Errors) != 1 || p.Errors[0].Location != "header.Idempotency-Key" {
			t.Errorf("headers %q: %+v", headers, p.Errors)
		}
	}
	must[httpkit.Problem](t, r.place(good, "Content-Type", "text/plain"), http.StatusUnsupportedMediaType)
	if rows, said := r.rows(), r.published(); rows != 0 || said != 0 {
		t.Errorf("refusals left %d rows and %d messages behind", rows, said)
	}
}

// All that is wrong is said at once.
func TestPlaceRefusalIsComplete(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, body := range []string{
		`{"customer_id":"a.b","currency":"X","items":[{"product_id":"","quantity":0}],"payment_method":""}`,
		`{"customer_id":"a.b","currency":"X","items":[{"product_id":"","quantity":0.5}],"payment_method":""}`,
	} {
		p := must[httpkit.Problem](t, r.place(body), http.StatusUnprocessableEntity)
		for _, location := range []string{"body.customer_id", "body.currency", "body.items[0].product_id", "body.items[0].quantity", "body.payment_method"} {
			if !slices.ContainsFunc(p.Errors, func(f httpkit.Fault) bool { return f.Location == location }) {
				t.Errorf("%s: nothing about %s", body, location)
			}
		}
	}
}

func TestPlaceAfterStop(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.stop()
	a := r.place(good)
	must[httpkit.Problem](t, a, http.StatusServiceUnavailable)
	if a.header.Get("Retry-After") != "1" {
		t.Errorf("Retry-After: %q", a.header.Get("Retry-After"))
	}
}

// FuzzPlaceBody: whatever comes is an order that is stored, or a refusal that
// says why.
func FuzzPlaceBody(f *testing.F) {
	f.Add(good)
	f.Add(with(`"quantity":2`, `"quantity":1.0`))
	f.Add(with(`EUR`, `eur`))
	f.Add(with(`{"customer_id"`, `{"expected_total":null,"metadata":{"":""},"customer_id"`))
	f.Add(with(`{"customer_id"`, `{"customer_id":"customer-2","customer_id"`))
	f.Add(with(`"quantity":2`, `"quantity":2,"Quantity":3`))
	f.Add(`[]`)
	f.Add(`{"items":[{},{"product_id":{}}]}`)
	service := newRig(f)
	f.Fuzz(func(t *testing.T, body string) {
		r := *service
		r.TB = t
		a := r.place(body)
		switch a.status {
		case http.StatusAccepted:
			checkNames(t, body)
			id := must[orderJSON](t, a, a.status).OrderID
			stored := must[orderJSON](t, r.get("/v1/orders/"+id), http.StatusOK)
			if len(stored.Items) == 0 || stored.Items[0].Quantity < 1 || stored.CustomerID == "" {
				t.Errorf("accepted %q as %+v", body, stored)
			}
		case http.StatusBadRequest, http.StatusUnprocessableEntity:
			var p httpkit.Problem
			if err := json.Unmarshal([]byte(a.raw), &p); err != nil || p.Detail == "" || p.Status != a.status {
				t.Errorf("refused %q with %s", body, a.raw)
			}
		default:
			t.Errorf("%q: status %d %s", body, a.status, a.raw)
		}
	})
}
