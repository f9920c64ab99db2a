package fault_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"orderly/events"
	"orderly/internal/app"
	"orderly/internal/client"
	"orderly/internal/cluster"
)

// oldVariable names the directory of an older build's programs (make
// test-upgrade). Without it the old build is today's with version 2 of
// orders.created switched off.
const oldVariable = "ORDERLY_FAULT_OLD"

// release is which programs a replica runs, and how.
type release struct {
	programs string
	settings []string
}

// before is the build from which the fleet comes.
func before() release {
	if dir := os.Getenv(oldVariable); dir != "" {
		return release{dir, settings()}
	}
	return today("ORDERLY_PUBLISH=orders.created.v1", "ORDERLY_READ=orders.created.v1")
}

// today is the build to which it goes. Without more it says all versions and reads
// the oldest.
func today(more ...string) release { return release{programs, append(settings(), more...)} }

func oldFleet(_ *testing.T, cfg *cluster.Config) {
	old := before()
	cfg.Programs = old.programs
	cfg.Settings = func(string) []string { return old.settings }
}

// upgrade takes the fleet to today's build and inventory to version 2 of
// orders.created, one replica after the other, and all the way back. What one build
// has accepted, the other shows, announces again and cancels.
func upgrade(r *rig) {
	old := r.hold("old", `{"customer_id":"c","currency":"EUR","payment_method":"pm_card_visa","items":[{"product_id":"P1","quantity":2}]}`)
	r.roll(today(), r.shuffled()...)
	r.takeOver(old)

	r.load.rich.Store(true)
	r.roll(today("ORDERLY_READ=orders.created.v2"), cluster.Inventory)
	r.sleep(r.plan.between(time.Second, 2*time.Second))
	rich := r.hold("rich", `{"customer_id":"c","customer_country":"GB","channel":"app","currency":"EUR","payment_method":"pm_card_visa","items":[{"product_id":"P1","quantity":2,"unit_price":101}]}`)
	r.load.rich.Store(false) // an older build refuses members that it does not know
	r.roll(today(), cluster.Inventory)
	r.roll(before(), r.shuffled()...)
	r.takeOver(rich)

	r.roll(today(), cluster.Order)
	for _, id := range rich {
		if said := r.created(id); said.Version != 2 || !strings.Contains(string(said.Data), `"channel":"app"`) {
			r.t.Errorf("after the way there and back order %s began with version %d, %s", id, said.Version, said.Data)
		}
	}
}

// roll puts a build in the place of what the services run, one replica after the
// other.
func (r *rig) roll(b release, services ...string) {
	r.t.Helper()
	for _, service := range services {
		r.t.Logf("%s: %s", service, strings.Join(append([]string{b.programs}, b.settings[len(settings()):]...), " "))
		for _, replica := range r.Of(service) {
			replica.Programs, replica.Settings = b.programs, b.settings
			r.must(replica.Restart(r.within()))
			r.sleep(r.plan.between(0, time.Second))
		}
	}
}

// shuffled are the services in an order that the plan makes.
func (r *rig) shuffled() []string {
	all := []string{cluster.Order, cluster.Inventory, cluster.Payment}
	r.plan.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// What becomes of the orders that are held.
const (
	left int = iota
	retried
	cancelled
	fates
)

// hold takes the gateway away and places orders that wait for it.
func (r *rig) hold(name, body string) (ids [fates]string) {
	r.t.Helper()
	_, err := r.shop.SetGateway(r.within(), client.Gateway{Outage: true})
	r.must(err)
	r.sleep(2 * time.Second) // the other replica hears of it within one
	for fate := range ids {
		ids[fate] = r.load.place(r.within(), r.shop, fmt.Sprintf("%s-%d", name, fate), json.RawMessage(body))
	}
	return ids
}

// takeOver has today's fleet deal with orders that another has accepted, and brings
// the gateway back.
func (r *rig) takeOver(ids [fates]string) {
	r.t.Helper()
	for _, id := range ids {
		o, err := r.shop.Order(r.within(), id, 0)
		r.must(err)
		if o.Ended() || len(o.Items) != 1 || o.Items[0].Quantity != 2 {
			r.t.Errorf("the order that was held is %+v", o)
		}
		r.created(id)
	}
	note := client.Note{By: "test", Why: "upgrade"}
	_, err := r.shop.Retry(r.within(), ids[retried], note)
	r.must(err)
	_, err = r.shop.Cancel(r.within(), ids[cancelled], note)
	r.must(err)
	_, err = r.shop.SetGateway(r.within(), client.Gateway{})
	r.must(err)
	for fate, want := range [fates]string{client.Confirmed, client.Confirmed, client.Cancelled} {
		o, err := r.shop.Ended(r.within(), ids[fate])
		r.must(err)
		if o.Status != want {
			r.t.Errorf("order %s became %s, want %s", o.OrderID, o.Status, want)
		}
	}
}

// created is how an order's history begins.
func (r *rig) created(id string) client.Event {
	r.t.Helper()
	history, err := r.shop.Events(r.within(), id)
	r.must(err)
	if len(history) == 0 || history[0].Name != events.NameOrderCreated {
		r.t.Fatalf("the history of order %s is %+v", id, history)
	}
	return history[0]
}

// upgradedQuietly looks whether anything was tried in vain or is left.
func upgradedQuietly(r *rig) {
	r.t.Helper()
	for _, service := range []string{cluster.Order, cluster.Inventory, cluster.Payment} {
		for _, table := range []string{"engine_attempts", "engine_dead_letters"} {
			if n := r.count(service, table); n != 0 {
				r.t.Errorf("%s has %d rows in %s, want none", service, n, table)
			}
		}
	}
	js := r.streams()
	for _, durable := range []string{"inventory-orders-standard", "inventory-orders-express"} {
		r.eventually(func(ctx context.Context) error {
			c, err := js.Consumer(ctx, app.StreamOrders, durable)
			if err != nil {
				return err
			}
			if i := c.CachedInfo(); i.NumPending > 0 || i.NumAckPending > 0 {
				return fmt.Errorf("%s: %d messages wait, %d are in hand", durable, i.NumPending, i.NumAckPending)
			}
			return nil
		})
	}
}

// count is how many rows a table of a service has.
func (r *rig) count(service, table string) (n int) {
	r.t.Helper()
	ctx := r.within()
	conn, err := pgx.Connect(ctx, r.Database.ServiceURL(service))
	r.must(err)
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // all is read
	r.must(conn.QueryRow(ctx, "SELECT count(*) FROM "+table).Scan(&n))
	return n
}
