package fleet_test

import (
	"strings"
	"testing"

	"orderly/events"
	"orderly/internal/app"
	"orderly/internal/client"
)

// G7: a fleet that knows version 1 of orders.created moves to version 2 and back
// under load, whichever service goes first. What one side accepted, the other shows,
// announces again and cancels.
func TestG7_a_mixed_fleet_rolls_forward_and_back(t *testing.T) {
	t.Parallel()
	for name, services := range map[string][]string{
		"inventory first": {app.InventoryService, app.OrderService},
		"order first":     {app.OrderService, app.PaymentService, app.InventoryService},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := start(t, only(1))
			old := f.hold("old", rich)
			f.roll(both(1), services...)
			f.takeOver(old)
			f.settle() // an order service that starts announces again: each step has to do without
			f.roll(both(2), app.InventoryService)
			f.settle()
			young := f.hold("new", rich)
			f.roll(both(1), app.InventoryService)
			f.roll(only(1), services...)
			f.takeOver(young)
			f.finish("inventory-orders-standard", "inventory-orders-express")
		})
	}
}

// G7: a reader that comes back for version 2 finds what it has missed of version 1, and
// when no reader of version 1 is left, it need not be said any more.
func TestG7_the_first_version_is_said_no_more(t *testing.T) {
	t.Parallel()
	f := start(t, both(1))
	for _, r := range f.replicas[app.InventoryService] {
		r.leave(t)
	}
	f.work()
	f.roll(both(2), app.InventoryService)
	f.settle()
	f.roll(only(2), app.OrderService)
	f.finish("inventory-orders-created-v2-standard", "inventory-orders-created-v2-express")
}

// G1: a reader that moves before the version is published hears nothing. Its orders
// wait until they are announced again in that version, and then all of them end.
func TestG1_a_reader_moves_too_early(t *testing.T) {
	t.Parallel()
	early := only(1)
	early.Read = both(2).Read
	f := start(t, only(1))
	f.roll(early, app.InventoryService)
	deaf := f.place("deaf", plain)
	f.work()
	f.ask(app.OrderService, func(c *client.Client) error {
		o, err := c.Order(t.Context(), deaf, 0)
		if err == nil && o.Status != "pending" {
			t.Errorf("an order that nobody heard of is %+v", o)
		}
		return err
	})
	f.roll(both(2), app.OrderService)
	f.finish("inventory-orders-created-v2-standard", "inventory-orders-created-v2-express")
}

// What becomes of the orders that are held.
const (
	left int = iota
	retried
	cancelled
	fates
)

// hold takes the gateway away and places orders that wait for it.
func (f *fleet) hold(name, body string) (ids [fates]string) {
	f.t.Helper()
	f.setGateway(client.Gateway{Outage: true})
	for fate := range ids {
		ids[fate] = f.place(name+string(rune('a'+fate)), body)
	}
	return ids
}

// setGateway returns when both replicas have heard of it.
func (f *fleet) setGateway(g client.Gateway) {
	f.t.Helper()
	f.ask(app.PaymentService, func(c *client.Client) error { _, err := c.SetGateway(f.t.Context(), g); return err })
	for _, r := range f.replicas[app.PaymentService] {
		if _, err := r.client.Gateway(f.t.Context()); err != nil {
			f.t.Error(err)
		}
	}
}

// takeOver has the fleet deal with orders that it was not told of in its versions,
// and brings the gateway back.
func (f *fleet) takeOver(ids [fates]string) {
	f.t.Helper()
	ctx, note := f.t.Context(), client.Note{By: "test", Why: "upgrade"}
	for _, id := range ids {
		f.ask(app.OrderService, func(c *client.Client) error {
			o, err := c.Order(ctx, id, 0)
			if err == nil && (o.Ended() || len(o.Items) != 1 || o.Items[0].Quantity != 2) {
				f.t.Errorf("the order that was held is %+v", o)
			}
			return err
		})
		f.ask(app.OrderService, func(c *client.Client) error {
			history, err := c.Events(ctx, id)
			if err == nil && (len(history) == 0 || history[0].Name != events.NameOrderCreated || !strings.Contains(string(history[0].Data), `"channel":"app"`)) {
				f.t.Errorf("its history is %+v", history)
			}
			return err
		})
	}
	f.ask(app.OrderService, func(c *client.Client) error { _, err := c.Retry(ctx, ids[retried], note); return err })
	f.ask(app.OrderService, func(c *client.Client) error { _, err := c.Cancel(ctx, ids[cancelled], note); return err })
	f.setGateway(client.Gateway{})
	for fate, want := range [fates]string{client.Confirmed, client.Confirmed, client.Cancelled} {
		f.ask(app.OrderService, func(c *client.Client) error {
			o, err := c.Ended(ctx, ids[fate])
			if err == nil && o.Status != want {
				f.t.Errorf("order %s became %s, want %s", o.OrderID, o.Status, want)
			}
			return err
		})
	}
}
