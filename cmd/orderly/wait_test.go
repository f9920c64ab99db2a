package main

import (
	"strings"
	"testing"
	"time"

	"orderly/internal/client"
)

// A stuck order waits for the first along its way who owes an answer, or whose
// answer did not arrive.
func TestWaits(t *testing.T) {
	t.Parallel()
	held := func(state string) *client.Reservation { return &client.Reservation{State: state} }
	paid := func(state string) *client.Payment { return &client.Payment{State: state} }
	for _, c := range []struct {
		status string
		of     []string // waits_for
		held   *client.Reservation
		paid   *client.Payment
		want   string
	}{
		{"pending", []string{"inventory"}, nil, nil, "inventory: what it has to answer did not arrive"},
		{"pending", []string{"inventory"}, held("rejected"), nil, "order: the answer of inventory did not arrive"},
		{"pending", []string{"inventory"}, held("reserved"), nil, "payment: what it has to answer did not arrive"},
		{"reserved", []string{"payment"}, held("reserved"), paid("charging"), "gateway: no answer to the charge"},
		{"reserved", []string{"payment"}, held("reserved"), paid("captured"), "order: the answer of payment did not arrive"},
		{"reserved", []string{"payment"}, held("reserved"), paid("failed"), "order: the answer of payment did not arrive"},
		{"confirmed", []string{"inventory"}, held("reserved"), paid("captured"), "inventory: what it has to answer did not arrive"},
		{"confirmed", []string{"inventory"}, held("committed"), paid("captured"), "order: the answer of inventory did not arrive"},
		{"cancelled", []string{"inventory", "payment"}, held("reserved"), paid("refunding"), "inventory: what it has to answer did not arrive; gateway: no answer to the refund"},
		{"cancelled", []string{"payment"}, held("released"), paid("charging_dead"), "gateway: no answer to the charge"},
		{"cancelled", []string{"payment"}, held("released"), paid("captured"), "payment: what it has to answer did not arrive"},
		{"cancelled", []string{"payment"}, held("released"), nil, "payment: what it has to answer did not arrive"},
		{"cancelled", []string{"inventory"}, held("dead"), paid("dead"), "order: the answer of inventory did not arrive"},
		{"cancelled", []string{"payment"}, held("dead"), paid("refunded"), "order: the answer of payment did not arrive"},
	} {
		a := asked{order: client.StuckOrder{Order: client.Order{Status: c.status}, WaitsFor: c.of}, reservation: c.held, payment: c.paid}
		var got []string
		for _, w := range a.waits(nil) {
			got = append(got, w.For+": "+w.Why)
		}
		if text := strings.Join(got, "; "); !strings.HasPrefix(text, c.want) {
			t.Errorf("%s, %v, %v: got %q, want %q", c.status, c.held, c.paid, text, c.want)
		}
	}
}

// An order waits in its own lane: what waits in another one holds it up nowhere.
func TestWaitsInItsLane(t *testing.T) {
	t.Parallel()
	channels := []client.Channel{{Service: "inventory", Stream: "ORDERS", Consumer: "x", Priority: "standard", Exists: true, Waiting: 5, Delivered: time.Now()}}
	for priority, want := range map[string]string{"standard": "5 messages wait at x", "express": "what it has to answer did not arrive"} {
		a := asked{order: client.StuckOrder{Order: client.Order{Status: "pending", Priority: priority}}}
		if got := a.waits(channels); len(got) != 1 || !strings.HasPrefix(got[0].Why, want) {
			t.Errorf("%s: got %v, want %q", priority, got, want)
		}
	}
}

// What waits for the gateway says so, and why it is not called.
func TestWaitsBehindTheBreaker(t *testing.T) {
	t.Parallel()
	open := &client.GatewayStatus{State: "open", Since: time.Now()}
	for want, payment := range map[string]*client.Payment{
		"the charge has yet to begin: the breaker is open since ": nil,
		"no answer to the charge since ":                          {State: "charging"},
	} {
		a := asked{order: client.StuckOrder{Order: client.Order{Status: "reserved"}}, reservation: &client.Reservation{State: "reserved"}, payment: payment, gateway: open}
		got := a.waits(nil)
		if len(got) != 1 || got[0].For != "gateway" || !strings.HasPrefix(got[0].Why, want) || !strings.Contains(got[0].Why, "the breaker is open") {
			t.Errorf("%v: got %v, want %q", payment, got, want)
		}
	}
}

func TestBlocked(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for want, c := range map[string]client.Channel{
		"":                                {Exists: true, Pulls: 1},
		"there is no consumer x":          {},
		"nobody takes messages from x: 5": {Exists: true, Waiting: 5, Delivered: now.Add(-time.Hour)},
		"5 messages wait at x":            {Exists: true, Waiting: 5, Delivered: now},
	} {
		c.Service, c.Stream, c.Consumer = "payment", "ORDERS", "x"
		got := blocked("payment", "ORDERS", []client.Channel{{Service: "payment", Stream: "INVENTORY"}, c})
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%+v: got %q, want %q", c, got, want)
		}
	}
}
