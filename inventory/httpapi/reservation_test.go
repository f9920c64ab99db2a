package httpapi_test

import (
	"net/http"
	"testing"

	"orderly/events"
	"orderly/pkg/httpkit"
	"orderly/pkg/sqldb"
)

func TestReservation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	const id = "01990000-0000-7000-8000-000000000001"
	if p := must[httpkit.Problem](t, r.send(http.MethodGet, "/v1/reservations/"+id, ""), http.StatusNotFound); p.Type != "urn:orderly:problem:reservation-not-found" {
		t.Errorf("unknown: %+v", p)
	}
	must[httpkit.Problem](t, r.send(http.MethodGet, "/v1/reservations/7", ""), http.StatusUnprocessableEntity)
	check(t, r.db.InTx(t.Context(), func(tx *sqldb.Tx) error {
		tx.Exec("reject an order", "INSERT INTO reservations (order_id, state, currency, total_minor, reason, product_id, updated_at) VALUES ($1, 'rejected', '', 0, 'out_of_stock', 'beans', 1)", id)
		return nil
	}))
	got := must[struct {
		OrderID string `json:"order_id"`
		State   string `json:"state"`
		Reason  string `json:"reason"`
	}](t, r.send(http.MethodGet, "/v1/reservations/"+id, ""), http.StatusOK)
	if got.OrderID != id || got.State != "rejected" || got.Reason != events.ReasonOutOfStock {
		t.Errorf("%+v", got)
	}
}
