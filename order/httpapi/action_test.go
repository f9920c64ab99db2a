package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"orderly/events"
	"orderly/pkg/httpkit"
)

type actionJSON struct {
	Kind string    `json:"kind"`
	By   string    `json:"by"`
	Why  string    `json:"why"`
	At   time.Time `json:"at"`
}

func (r *rig) actions(id string) string {
	r.Helper()
	page := must[struct {
		Items []actionJSON `json:"items"`
	}](r, r.get("/v1/orders/"+id+"/actions"), http.StatusOK)
	var out []string
	for _, a := range page.Items {
		if a.At.IsZero() {
			r.Errorf("no time: %+v", a)
		}
		out = append(out, fmt.Sprintf("%s by %s: %s", a.Kind, a.By, a.Why))
	}
	return strings.Join(out, "; ")
}

// What operators do is kept with who and why, in words that no event carries;
// what had no effect is not.
func TestActions(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.placed(good)
	path := "/v1/orders/" + id
	if got := r.actions(id); got != "" {
		t.Errorf("a new order: %s", got)
	}
	before := r.published()
	must[orderJSON](t, r.send(http.MethodPost, path+"/retry", `{"by":"ann"}`), http.StatusAccepted)
	must[orderJSON](t, r.send(http.MethodPost, path+"/retry", `{"by":"ann","why":"stock is back"}`), http.StatusAccepted)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); r.published()-before < 2; <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("%d announcements for two retries", r.published()-before)
		}
	}
	for range 2 { // the second finds it cancelled already
		got := must[orderJSON](t, r.send(http.MethodPost, path+"/cancellation", `{"why":"the shop closes","by":"bob"}`), http.StatusAccepted)
		if got.Status != "cancelled" || got.Reason != events.ReasonCustomer {
			t.Errorf("cancelled: %+v", got)
		}
	}
	if got, want := r.actions(id), "retry by ann: ; retry by ann: stock is back; cancel by bob: the shop closes"; got != want {
		t.Errorf("actions: %s, want %s", got, want)
	}
	if raw := r.get(path + "/events").raw; strings.Contains(raw, "shop closes") || strings.Contains(raw, "bob") {
		t.Errorf("an event tells who and why: %s", raw)
	}
}

func TestRetryRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.placed(good)
	path := "/v1/orders/" + id + "/retry"
	for body, location := range map[string]string{`{}`: "body.by", `{"by":" "}`: "body.by", `{"by":"ann","now":true}`: "body.now",
		`{"by":"` + strings.Repeat("x", 65) + `"}`: "body.by"} {
		p := must[httpkit.Problem](t, r.send(http.MethodPost, path, body), http.StatusUnprocessableEntity)
		if len(p.Errors) == 0 || p.Errors[len(p.Errors)-1].Location != location && p.Errors[0].Location != location {
			t.Errorf("body %.40s: %+v", body, p.Errors)
		}
	}
	must[httpkit.Problem](t, r.send(http.MethodPost, path, ""), http.StatusBadRequest)
	must[httpkit.Problem](t, r.send(http.MethodPost, "/v1/orders/"+nowhere+"/retry", `{"by":"ann"}`), http.StatusNotFound)
	must[httpkit.Problem](t, r.get("/v1/orders/"+nowhere+"/actions"), http.StatusNotFound)
	r.reserved(id)
	r.captured(id)
	r.tell(events.InventoryCommitted{OrderID: id})
	p := must[httpkit.Problem](t, r.send(http.MethodPost, path, `{"by":"ann"}`), http.StatusConflict)
	if p.Type != "urn:orderly:problem:order-closed" {
		t.Errorf("closed: %+v", p)
	}
	if got := r.actions(id); got != "" {
		t.Errorf("refusals left %s", got)
	}
}

// G2: what was given back by hand shows, and the order stays what it is.
func TestGetShowsCredits(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.placed(good)
	r.reserved(id)
	r.captured(id)
	r.tell(events.InventoryCommitted{OrderID: id})
	r.tell(events.PaymentCredited{OrderID: id, CreditID: nowhere, Currency: "EUR", AmountMinor: 480})
	got := r.get("/v1/orders/" + id)
	if o := must[orderJSON](t, got, http.StatusOK); o.Status != "confirmed" || !o.Closed || !strings.Contains(got.raw, `"credited_minor":480`) {
		t.Errorf("%s", got.raw)
	}
}
