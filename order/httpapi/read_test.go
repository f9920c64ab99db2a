package httpapi_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"orderly/events"
	"orderly/order"
	"orderly/order/httpapi"
	"orderly/pkg/httpkit"
)

const nowhere = "01990000-0000-7000-8000-000000000000"

// reserved has inventory price an order: 2 beans at 990.
func (r *rig) reserved(id string) {
	r.Helper()
	r.tell(events.InventoryReserved{OrderID: id, Currency: "EUR", TotalMinor: 1980, PaymentMethod: "pm_card_visa",
		Items: []events.PricedItem{{ProductID: "beans", Quantity: 2, UnitPriceMinor: 990}}})
}

func (r *rig) captured(id string) {
	r.Helper()
	r.tell(events.PaymentCaptured{OrderID: id, ChargeID: "ch_1", Currency: "EUR", AmountMinor: 1980})
}

func TestGetFollowsTheOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.placed(good)
	pending := must[orderJSON](t, r.get("/v1/orders/"+id), http.StatusOK)
	if pending.Status != "pending" || pending.TotalMinor != nil || pending.Items[0].UnitPriceMinor != nil || pending.Closed {
		t.Errorf("pending: %+v", pending)
	}
	r.reserved(id)
	r.captured(id)
	r.tell(events.InventoryCommitted{OrderID: id})
	done := must[orderJSON](t, r.get("/v1/orders/"+strings.ToUpper(id)), http.StatusOK)
	if done.Status != "confirmed" || *done.TotalMinor != 1980 || *done.Items[0].UnitPriceMinor != 990 || !done.Closed || done.OrderID != id {
		t.Errorf("confirmed: %+v", done)
	}
}

func TestGetWaitsForTheEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.placed(good)
	asked := r.watches.expect()
	answered := make(chan answer, 1)
	go func() { answered <- r.get("/v1/orders/" + id + "?wait=30s") }()
	<-asked
	began := time.Now()
	r.reserved(id) // a change, but no end
	r.captured(id)
	got := must[orderJSON](t, <-answered, http.StatusOK)
	if got.Status != "confirmed" {
		t.Errorf("answered while %s", got.Status)
	}
	if took := time.Since(began); took > patience {
		t.Errorf("took %s", took)
	}
	r.watches.mu.Lock()
	defer r.watches.mu.Unlock()
	if r.watches.stopped != r.watches.begun {
		t.Errorf("%d watches begun, %d stopped", r.watches.begun, r.watches.stopped)
	}
}

func TestGetWaitEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.placed(good)
	if got := must[orderJSON](t, r.get("/v1/orders/"+id+"?wait=20ms"), http.StatusOK); got.Status != "pending" {
		t.Errorf("status %s", got.Status)
	}
	must[httpkit.Problem](t, r.get("/v1/orders/"+nowhere+"?wait=30s"), http.StatusNotFound)
}

// lookout tells when an order was first looked at.
type lookout struct {
	order.Reader
	once   sync.Once
	looked chan struct{}
}

func (l *lookout) Get(ctx context.Context, id string) (order.View, error) {
	view, err := l.Reader.Get(ctx, id)
	l.once.Do(func() { close(l.looked) })
	return view, err
}

// What another replica does to the order is seen as well.
func TestGetWaitsWithoutWatch(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.placed(good)
	l := &lookout{Reader: r.store, looked: make(chan struct{})}
	r.serve(httpapi.Service{Engine: r.engine, Orders: l})
	answered := make(chan answer, 1)
	go func() { answered <- r.get("/v1/orders/" + id + "?wait=30s") }()
	<-l.looked
	began := time.Now()
	r.reserved(id)
	r.captured(id)
	if got := must[orderJSON](t, <-answered, http.StatusOK); got.Status != "confirmed" {
		t.Errorf("answered while %s", got.Status)
	}
	if took := time.Since(began); took > patience {
		t.Errorf("took %s", took)
	}
}

// A process that shuts down answers those who wait with what there is.
func TestGetWaitEndsAtShutdown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.placed(good)
	asked := r.watches.expect()
	server := httpkit.NewServer(httpkit.ServerConfig{Addr: "127.0.0.1:0", Handler: r.handler})
	r.check(server.Start())
	type result struct {
		order orderJSON
		err   error
	}
	answered := make(chan result, 1)
	go func() {
		var got result
		var res *http.Response
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		if res, got.err = client.Get("http://" + server.Addr() + "/v1/orders/" + id + "?wait=30s"); got.err == nil {
			got.err = json.NewDecoder(res.Body).Decode(&got.order)
			_ = res.Body.Close()
		}
		answered <- got
	}()
	<-asked
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r.check(server.Shutdown(ctx))
	got := <-answered
	r.check(got.err)
	if got.order.Status != "pending" || got.order.OrderID != id {
		t.Errorf("answer: %+v", got.order)
	}
}

// Every read refuses what it does not understand, and names it.
func TestReadRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.placed(good)
	tests := []struct{ path, location string }{
		{"/v1/orders/" + id + "?wait=31s", "query.wait"},
		{"/v1/orders/" + id + "?wait=-1s", "query.wait"},
		{"/v1/orders/" + id + "?wait=5", "query.wait"},
		{"/v1/orders/" + id + "?wait=soon", "query.wait"},
		{"/v1/orders/" + id + "?wiat=5s", "query.wiat"},
		{"/v1/orders/7", "path.id"},
		{"/v1/orders/%3E", "path.id"},
		{"/v1/orders/a.b", "path.id"},
		{"/v1/orders/%00", "path.id"},
		{"/v1/orders/%7B" + id + "%7D", "path.id"},
		{"/v1/orders/" + strings.ReplaceAll(id, "-", ""), "path.id"},
		{"/v1/orders/" + strings.Repeat("x", 10<<10), "path.id"},
		{"/v1/orders/7/events", "path.id"},
		{"/v1/orders?limit=0", "query.limit"},
		{"/v1/orders?limit=201", "query.limit"},
		{"/v1/orders?limit=many", "query.limit"},
		{"/v1/orders?status=lost", "query.status"},
		{"/v1/orders?customer_id=a.b", "query.customer_id"},
		{"/v1/orders?customer_id=%3E", "query.customer_id"},
		{"/v1/orders?cursor=x", "query.cursor"},
		{"/v1/orders?cursor=" + httpkit.Cursor("order", "not an id"), "query.cursor"},
		{"/v1/orders?cursor=" + url.QueryEscape("' OR 1=1 --"), "query.cursor"},
		{"/v1/orders?cursor=" + httpkit.Cursor("product", id), "query.cursor"},
		{"/v1/orders?customer=customer-1", "query.customer"},
		{"/v1/orders?limit=", "query.limit"},
		{"/v1/orders?status=", "query.status"},
		{"/v1/orders?cursor", "query.cursor"},
		{"/v1/orders?customer_id=", "query.customer_id"},
		{"/v1/orders?limit=1&limit=2", "query.limit"},
		{"/v1/orders?status=pending&status=pending", "query.status"},
		{"/v1/orders/" + nowhere + "?wait=", "query.wait"},
	}
	for _, tt := range tests {
		p := must[httpkit.Problem](t, r.get(tt.path), http.StatusUnprocessableEntity)
		if !slices.ContainsFunc(p.Errors, func(f httpkit.Fault) bool { return f.Location == tt.location }) {
			t.Errorf("GET %.80s: no fault at %s: %+v", tt.path, tt.location, p.Errors)
		}
	}
	must[httpkit.Problem](t, r.get("/v1/orders?limit=1;status=pending"), http.StatusBadRequest)
	for _, path := range []string{"/v1/orders/" + nowhere, "/v1/orders/" + nowhere + "/events"} {
		if p := must[httpkit.Problem](t, r.get(path), http.StatusNotFound); p.Type != "urn:orderly:problem:order-not-found" {
			t.Errorf("GET %s: %s", path, p.Type)
		}
	}
}

func TestListPages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var newestFirst []string
	for range 5 {
		newestFirst = slices.Insert(newestFirst, 0, r.placed(good))
	}
	r.placed(with("customer-1", "customer-2"))
	r.reserved(newestFirst[0])

	var got []string
	path := "/v1/orders?customer_id=customer-1&limit=2"
	for next := ""; ; {
		page := must[pageJSON](t, r.get(path+next), http.StatusOK)
		for _, o := range page.Items {
			got = append(got, o.OrderID)
		}
		if page.Next == "" {
			break
		}
		if len(page.Items) != 2 {
			t.Fatalf("a page of %d that is not the last", len(page.Items))
		}
		next = "&cursor=" + page.Next
	}
	if !slices.Equal(got, newestFirst) {
		t.Errorf("listed %v, want %v", got, newestFirst)
	}
	reserved := must[pageJSON](t, r.get("/v1/orders?status=reserved"), http.StatusOK)
	if len(reserved.Items) != 1 || reserved.Items[0].OrderID != newestFirst[0] || *reserved.Items[0].TotalMinor != 1980 {
		t.Errorf("reserved: %+v", reserved.Items)
	}
	exact := must[pageJSON](t, r.get("/v1/orders?limit=6"), http.StatusOK)
	if len(exact.Items) != 6 || exact.Next != "" {
		t.Errorf("a full last page: %d items, next %q", len(exact.Items), exact.Next)
	}
	if empty := r.get("/v1/orders?customer_id=nobody"); strings.TrimSpace(empty.raw) != `{"items":[]}` {
		t.Errorf("nobody's orders: %s", empty.raw)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.placed(good)
	path := "/v1/orders/" + id + "/cancellation"
	for body, location := range map[string]string{`{"reason":"too dear"}`: "body.reason", "null": "body", "[]": "body",
		`{"why":"too dear"}`: "body.by", `{"by":"ann"}`: "body.why", `{"why":" ","by":"ann"}`: "body.why", `{"why":"\u0007","by":"ann"}`: "body.why"} {
		p := must[httpkit.Problem](t, r.send(http.MethodPost, path, body), http.StatusUnprocessableEntity)
		if len(p.Errors) != 1 || p.Errors[0].Location != location {
			t.Errorf("body %s: %+v", body, p.Errors)
		}
	}
	for _, body := range []string{"{", "}", "cancel", `{}{}`} {
		must[httpkit.Problem](t, r.send(http.MethodPost, path, body), http.StatusBadRequest)
	}
	for range 2 { // the second finds it cancelled already
		a := r.send(http.MethodPost, path, "")
		got := must[orderJSON](t, a, http.StatusAccepted)
		if got.Status != "cancelled" || got.Reason != "customer" || got.OrderID != id || len(got.Items) != 1 {
			t.Errorf("cancelled: %s", a.raw)
		}
		if a.header.Get("Location") != "/v1/orders/"+id {
			t.Errorf("Location %q", a.header.Get("Location"))
		}
	}
	must[httpkit.Problem](t, r.send(http.MethodPost, "/v1/orders/"+nowhere+"/cancellation", ""), http.StatusNotFound)
	must[httpkit.Problem](t, r.send(http.MethodPost, "/v1/orders/x/cancellation", ""), http.StatusUnprocessableEntity)

	late := r.placed(good)
	r.reserved(late)
	r.captured(late)
	p := must[httpkit.Problem](t, r.send(http.MethodPost, "/v1/orders/"+late+"/cancellation", " { }\n"), http.StatusConflict)
	if p.Type != "urn:orderly:problem:too-late-to-cancel" || !strings.Contains(p.Detail, late) {
		t.Errorf("too late: %+v", p)
	}
}

func TestHistory(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id := r.placed(good)
	must[orderJSON](t, r.send(http.MethodPost, "/v1/orders/"+id+"/cancellation", ""), http.StatusAccepted)
	type entry struct {
		ID      string          `json:"id"`
		Name    string          `json:"name"`
		Version int             `json:"version"`
		Time    time.Time       `json:"time"`
		Cause   string          `json:"cause"`
		Data    json.RawMessage `json:"data"`
	}
	page := must[struct {
		Items []entry `json:"items"`
	}](t, r.get("/v1/orders/"+id+"/events"), http.StatusOK)
	var names []string
	for _, e := range page.Items {
		names = append(names, e.Name)
		if e.ID == "" || e.Version != 1 || e.Time.IsZero() || e.Cause != "request" || !strings.Contains(string(e.Data), id) {
			t.Errorf("entry: %+v", e)
		}
	}
	if want := []string{events.NameOrderCreated, events.NameOrderCancelled}; !slices.Equal(names, want) {
		t.Errorf("history %v, want %v", names, want)
	}
}
