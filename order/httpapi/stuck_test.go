package httpapi_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"orderly/events"
	"orderly/order/httpapi"
	"orderly/pkg/sqldb"
)

type stuckJSON struct {
	Items []struct {
		OrderID     string    `json:"order_id"`
		WaitsFor    []string  `json:"waits_for"`
		Redrives    int       `json:"redrives"`
		NextRedrive time.Time `json:"next_redrive"`
		Deadline    time.Time `json:"deadline"`
	} `json:"items"`
	Next     string            `json:"next"`
	Channels []httpapi.Channel `json:"channels"`
	Broker   string            `json:"broker"`
}

// G1: whoever is open without progress is listed, the oldest first, with what it
// waits for; whoever is closed or moved lately is not.
func TestStuck(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.serve(httpapi.Service{Engine: r.engine, Orders: r.store, Channels: func(context.Context) ([]httpapi.Channel, error) {
		return []httpapi.Channel{{Service: "payment", Exists: true, Waiting: 7}}, nil
	}})
	pending, reserved, closed, fresh := r.placed(good), r.placed(good), r.placed(good), r.placed(good)
	r.reserved(reserved)
	r.reserved(closed)
	r.captured(closed)
	r.tell(events.InventoryCommitted{OrderID: closed})
	r.check(r.db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		tx.Exec("let the time pass", "UPDATE orders SET updated_at = updated_at - 120000000 WHERE id <> $1", fresh)
		return nil
	}))
	got := must[stuckJSON](t, r.get("/v1/orders/stuck"), http.StatusOK)
	if len(got.Items) != 2 || got.Items[0].OrderID != pending || got.Items[1].OrderID != reserved || got.Next != "" {
		t.Fatalf("stuck: %+v, want %s and %s", got.Items, pending, reserved)
	}
	if w := got.Items[0].WaitsFor; len(w) != 1 || w[0] != "inventory" || got.Items[1].WaitsFor[0] != "payment" {
		t.Errorf("they wait for %v and %v", w, got.Items[1].WaitsFor)
	}
	if got.Items[0].NextRedrive.IsZero() || got.Items[0].Deadline.IsZero() || len(got.Channels) != 1 || got.Channels[0].Waiting != 7 {
		t.Errorf("%+v", got)
	}
	first := must[stuckJSON](t, r.get("/v1/orders/stuck?limit=1"), http.StatusOK)
	second := must[stuckJSON](t, r.get("/v1/orders/stuck?limit=1&cursor="+url.QueryEscape(first.Next)), http.StatusOK)
	if first.Items[0].OrderID != pending || second.Items[0].OrderID != reserved || second.Next != "" {
		t.Errorf("pages: %+v, %+v", first, second)
	}
	if later := must[stuckJSON](t, r.get("/v1/orders/stuck?for=10m"), http.StatusOK); len(later.Items) != 0 || len(later.Channels) != 0 {
		t.Errorf("for 10 minutes: %+v", later)
	}
	if all := must[stuckJSON](t, r.get("/v1/orders/stuck?for=0s"), http.StatusOK); len(all.Items) != 3 {
		t.Errorf("for no time at all: %+v", all.Items)
	}
	for _, bad := range []string{"for=-1s", "for=soon", "limit=0", "limit=201", "cursor=x", "since=1m"} {
		p := r.get("/v1/orders/stuck?" + bad)
		if p.status < 400 || p.status > 422 {
			t.Errorf("%s: %d %s", bad, p.status, p.raw)
		}
	}
	r.serve(httpapi.Service{Engine: r.engine, Orders: r.store, Channels: func(context.Context) ([]httpapi.Channel, error) {
		return nil, errors.New("no broker")
	}})
	if away := must[stuckJSON](t, r.get("/v1/orders/stuck"), http.StatusOK); len(away.Items) != 2 || away.Broker != "no broker" || len(away.Channels) != 0 {
		t.Errorf("without a broker: %+v", away)
	}
}
